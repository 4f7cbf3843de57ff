/// Writes commands as a destination takes them: RESP arrays without the four extra arguments, one after the other.
struct CommandWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    var count: Int { bytes.count }

    /// Hands over what was written and starts anew.
    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    mutating func reserve(_ capacity: Int) { bytes.reserveCapacity(capacity) }

    /// A command whose arguments already stand in `source` with their length headers.
    @inline(__always)
    mutating func command(argumentCount: Int, arguments: Range<Int>, of source: UnsafeRawBufferPointer) {
        header(argumentCount)
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: source[arguments]))
    }

    mutating func command(_ arguments: [[UInt8]]) {
        header(arguments.count)
        for argument in arguments { argument.withUnsafeBytes { self.argument($0) } }
    }

    mutating func set(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        header(3)
        self.argument("SET")
        argument(key)
        argument(value)
    }

    mutating func delete(_ key: UnsafeRawBufferPointer) {
        header(2)
        self.argument("DEL")
        argument(key)
    }

    /// - Parameter time: unix seconds.
    mutating func expire(_ key: UnsafeRawBufferPointer, at time: Int) {
        header(3)
        self.argument("EXPIREAT")
        argument(key)
        self.argument(String(time))
    }

    @inline(__always)
    mutating func header(_ count: Int) {
        bytes.append(UInt8(ascii: "*"))
        number(count)
    }

    mutating func argument(_ text: String) {
        var text = text
        text.withUTF8 { argument(UnsafeRawBufferPointer($0)) }
    }

    mutating func argument(_ argument: UnsafeRawBufferPointer) {
        bytes.append(UInt8(ascii: "$"))
        number(argument.count)
        bytes.append(contentsOf: argument)
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }

    @inline(__always)
    private mutating func number(_ value: Int) {
        if value < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(value))
        } else {
            bytes.append(contentsOf: String(value).utf8)
        }
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }
}
