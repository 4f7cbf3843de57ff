import HubStore

@testable import HubSync

/// SplitMix64: the same seed gives the same run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// A command as a client, or the hub, sends it.
func command(_ words: String...) -> [UInt8] { command(words) }

func command(_ words: [String]) -> [UInt8] {
    Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
}

/// Several commands, one after the other, each given as words between blanks.
func commands(_ lines: String...) -> [UInt8] {
    lines.flatMap { command($0.split(separator: " ").map(String.init)) }
}

/// The 16 bytes of a stamp: exec_time, file, offset.
func stampBytes(file: UInt32, offset: UInt64, execTime: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(execTime)
    bytes.appendLittleEndian(file)
    bytes.appendLittleEndian(offset)
    return bytes
}

/// A record as Pika's binlog sender writes it (`protocol/pika-2.3-hub.md`, section 2). `line`: words between blanks.
func record(
    _ line: String, from server: UInt32 = 1, file: UInt32 = 0, offset: UInt64 = 0, execTime: UInt32 = 1000,
    magic: String = "__PIKA_X#$SKGI", flag: String = "1", stamp: [UInt8]? = nil
) -> [UInt8] {
    let words = line.split(separator: " ").map(String.init)
    let stamp = stamp ?? stampBytes(file: file, offset: offset, execTime: execTime)
    var bytes = Array("*\(words.count + 4)\r\n".utf8)
    for word in words + [magic, String(server)] { bytes += "$\(word.utf8.count)\r\n\(word)\r\n".utf8 }
    bytes += Array("$\(stamp.count)\r\n".utf8) + stamp + "\r\n".utf8
    return bytes + "$\(flag.utf8.count)\r\n\(flag)\r\n".utf8
}

extension BinlogRecord {
    /// Nil while the record is not whole.
    static func parse(_ bytes: [UInt8], from start: Int = 0) throws(RecordError) -> BinlogRecord? {
        var record = BinlogRecord()
        var failure: RecordError?
        let isWhole = bytes.withUnsafeBytes { buffer in
            do throws(RecordError) {
                return try record.parse(buffer, from: start)
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        return isWhole ? record : nil
    }

    /// A record that only says where it stands.
    init(at file: UInt32, _ offset: UInt64) {
        self.init()
        self.file = file
        self.offset = offset
    }
}

extension [UInt8] {
    /// A part of a record as text.
    func text(_ range: Range<Int>) -> String { String(decoding: self[range], as: UTF8.self) }
    var text: String { String(decoding: self, as: UTF8.self) }
}

func position(_ file: UInt32, _ offset: UInt64, _ index: UInt32 = 0) -> BinlogPosition {
    BinlogPosition(file: file, offset: offset, index: index)
}

/// A chunk whose commands are `count` bytes.
func chunk(
    _ sequence: UInt64, source: UInt32 = 1, audience: RelayChunk.Audience = .others, count: Int = 10,
    progress: BinlogProgress = BinlogProgress()
) -> RelayChunk {
    RelayChunk(
        sequence: ChunkSequence(sequence), source: ServerID(source), audience: audience, progress: progress,
        recordCount: 1, execTime: 1000, commands: [UInt8](repeating: 7, count: count))
}
