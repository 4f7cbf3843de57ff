/// The bytes in which progress is stored with the chunks of the relay log. All numbers are little endian.
///
/// | field | bytes |
/// |---|---|
/// | first open file | u32 |
/// | number of marks m, of singles s | u16 each |
/// | marks, then singles | (m + s) × (file u32, offset u64, index u32) |
extension BinlogProgress {
    public var stored: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + 16 * (marks.count + singles.count))
        bytes.appendLittleEndian(firstOpenFile)
        bytes.appendLittleEndian(UInt16(truncatingIfNeeded: marks.count))
        bytes.appendLittleEndian(UInt16(truncatingIfNeeded: singles.count))
        for (file, mark) in marks {
            bytes.appendLittleEndian(file)
            bytes.appendLittleEndian(mark.offset)
            bytes.appendLittleEndian(mark.index)
        }
        for single in singles {
            bytes.appendLittleEndian(single.file)
            bytes.appendLittleEndian(single.offset)
            bytes.appendLittleEndian(single.index)
        }
        return bytes
    }

    /// Reads what `stored` wrote. Nil when the bytes end too early.
    public init?(from reader: inout LittleEndianReader) {
        guard let firstOpenFile = reader.next(UInt32.self), let markCount = reader.next(UInt16.self),
            let singleCount = reader.next(UInt16.self)
        else { return nil }
        var marks: [UInt32: Mark] = [:]
        for _ in 0..<markCount {
            guard let position = BinlogPosition(from: &reader) else { return nil }
            marks[position.file] = Mark(offset: position.offset, index: position.index)
        }
        var singles: Set<BinlogPosition> = []
        for _ in 0..<singleCount {
            guard let position = BinlogPosition(from: &reader) else { return nil }
            singles.insert(position)
        }
        self.init(firstOpenFile: firstOpenFile, marks: marks, singles: singles)
    }
}

extension BinlogPosition {
    init?(from reader: inout LittleEndianReader) {
        guard let file = reader.next(UInt32.self), let offset = reader.next(UInt64.self),
            let index = reader.next(UInt32.self)
        else { return nil }
        self.init(file: file, offset: offset, index: index)
    }
}

extension [UInt8] {
    public mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

/// Reads numbers one after the other; nil when the bytes end too early.
public struct LittleEndianReader {
    private let bytes: [UInt8]
    public private(set) var index = 0

    public init(bytes: [UInt8]) { self.bytes = bytes }

    public mutating func next<Value: FixedWidthInteger>(_: Value.Type) -> Value? {
        let size = MemoryLayout<Value>.size
        guard bytes.count - index >= size else { return nil }
        defer { index += size }
        return bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: index, as: Value.self)) }
    }
}
