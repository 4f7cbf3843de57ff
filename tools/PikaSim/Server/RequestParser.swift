/// Takes requests out of received bytes: RESP arrays of bulk strings, and lines of words for a person at a terminal.
package struct RequestParser {
    package enum Step: Equatable {
        case incomplete
        case request([Bytes])
        /// The rest cannot be understood; the connection is of no more use.
        case broken
    }

    /// As in the original: beyond this the connection is closed.
    private static let bytesLimit = 1 << 29

    package init() {}

    private var bytes: Bytes = []
    private var start = 0

    package mutating func feed(_ more: some Sequence<UInt8>) {
        if start > 0 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes += more
    }

    /// Takes the next request that is not empty.
    package mutating func next() -> Step {
        while start < bytes.count {
            var cursor = start
            let step = bytes[start] == UInt8(ascii: "*") ? array(&cursor) : line(&cursor)
            guard case .request(let arguments) = step else {
                return step == .incomplete && bytes.count - start > Self.bytesLimit ? .broken : step
            }
            start = cursor
            if !arguments.isEmpty { return step }
        }
        return .incomplete
    }

    private func array(_ cursor: inout Int) -> Step {
        switch header(&cursor) {
        case .incomplete: return .incomplete
        case .broken: return .broken
        case .number(let count):
            var arguments: [Bytes] = []
            arguments.reserveCapacity(min(count, 1024))
            for _ in 0..<count {
                guard cursor < bytes.count else { return .incomplete }
                guard bytes[cursor] == UInt8(ascii: "$") else { return .broken }
                switch header(&cursor) {
                case .incomplete: return .incomplete
                case .broken: return .broken
                case .number(let length):
                    guard cursor + length + 2 <= bytes.count else { return .incomplete }
                    arguments.append(Array(bytes[cursor..<cursor + length]))
                    cursor += length + 2
                }
            }
            return .request(arguments)
        }
    }

    private enum Header {
        case incomplete
        case broken
        case number(Int)
    }

    /// Reads `*<n>\r\n` or `$<n>\r\n`; the cursor moves only when it succeeds.
    private func header(_ cursor: inout Int) -> Header {
        var number = 0
        var index = cursor + 1
        while index < bytes.count, bytes[index] != 0x0D {
            guard (0x30...0x39).contains(bytes[index]), number < Self.bytesLimit else { return .broken }
            number = number * 10 + Int(bytes[index] - 0x30)
            index += 1
        }
        guard index + 1 < bytes.count else { return .incomplete }
        guard bytes[index + 1] == 0x0A else { return .broken }
        cursor = index + 2
        return .number(number)
    }

    private func line(_ cursor: inout Int) -> Step {
        guard let end = bytes[cursor...].firstIndex(of: 0x0A) else {
            return bytes.count - cursor > 64 * 1024 ? .broken : .incomplete
        }
        let words = bytes[cursor..<end].split { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }
        cursor = end + 1
        return .request(words.map(Array.init))
    }
}
