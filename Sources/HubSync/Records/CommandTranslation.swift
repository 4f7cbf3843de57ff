/// Turns the options of SET and its like, and every way to state an expiry, into what has the same effect at a
/// destination at any later time: a relative expiry counts from the record's exec_time, so it becomes absolute first.
enum CommandTranslation {
    /// What a SET, SETEX or GETSET does.
    struct ValueWrite: Equatable {
        var value: Range<Int>
        /// Unix seconds; nil for a value without expiry.
        var expiry: Int?
        /// `NX` or `XX`: the record does not tell whether it took effect.
        var isConditional = false
        var condition: String?
    }

    /// - Parameter arguments: the client arguments' places, the name first.
    /// - Returns: nil when the arguments are not what Pika would have accepted.
    static func valueWrite(
        name: String, arguments: [Range<Int>], of bytes: UnsafeRawBufferPointer, execTime: UInt32
    ) -> ValueWrite? {
        switch name {
        case "setex":
            guard arguments.count == 4, let seconds = signed(bytes[arguments[2]]) else { return nil }
            return ValueWrite(value: arguments[3], expiry: expiry(execTime, seconds))
        case "getset":
            guard arguments.count == 3 else { return nil }
            return ValueWrite(value: arguments[2])
        default:
            return set(arguments: arguments, of: bytes, execTime: execTime)
        }
    }

    private static func set(
        arguments: [Range<Int>], of bytes: UnsafeRawBufferPointer, execTime: UInt32
    ) -> ValueWrite? {
        guard arguments.count >= 3 else { return nil }
        var write = ValueWrite(value: arguments[2])
        var index = 3
        while index < arguments.count {
            let option = CommandRule.lowercased(bytes[arguments[index]])
            switch option {
            case "nx", "xx":
                write.isConditional = true
                write.condition = option
                index += 1
            case "ex", "px":
                guard index + 1 < arguments.count, let amount = signed(bytes[arguments[index + 1]]) else { return nil }
                write.expiry = expiry(execTime, option == "px" ? amount / 1000 : amount)
                index += 2
            default:
                return nil
            }
        }
        return write
    }

    /// The new expiry in unix seconds of EXPIRE, PEXPIRE, EXPIREAT or PEXPIREAT; nil when it is none of them or
    /// malformed.
    static func expiry(
        name: String, arguments: [Range<Int>], of bytes: UnsafeRawBufferPointer, execTime: UInt32
    ) -> Int? {
        guard arguments.count == 3, let amount = signed(bytes[arguments[2]]) else { return nil }
        return switch name {
        case "expire": absolute(execTime, amount)
        case "pexpire": absolute(execTime, amount / 1000)
        case "expireat": amount
        case "pexpireat": amount / 1000
        default: nil
        }
    }

    /// The expiry that an option of SET gives. A Pika takes one that is not positive, or shorter than a second, for
    /// none; it counts the second of the write, while what EXPIREAT says is the last second itself.
    private static func expiry(_ execTime: UInt32, _ seconds: Int) -> Int? {
        seconds > 0 ? absolute(execTime, seconds - 1) : nil
    }

    /// The largest expiry that is passed on, in unix seconds: what Pika itself stores in 32 bits.
    static let latestExpiry = Int(Int32.max)

    private static func absolute(_ execTime: UInt32, _ seconds: Int) -> Int {
        let (sum, overflow) = Int(execTime).addingReportingOverflow(seconds)
        return overflow ? latestExpiry : min(sum, latestExpiry)
    }

    /// A decimal number with an optional minus sign.
    static func signed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard let first = bytes.first else { return nil }
        guard first == UInt8(ascii: "-") else { return decimal(bytes) }
        return decimal(bytes.dropFirst()).map { -$0 }
    }
}

extension BinlogRecord {
    /// The places of all client arguments, the name first. The record has been parsed, so they are there.
    func argumentRanges(in bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(argumentCount)
        var cursor = RecordCursor(bytes: bytes, position: arguments.lowerBound)
        while ranges.count < argumentCount {
            do {
                guard let range = try cursor.argument() else { break }
                ranges.append(range)
            } catch {
                preconditionFailure("a record that was parsed no longer is one: \(error)")
            }
        }
        return ranges
    }
}
