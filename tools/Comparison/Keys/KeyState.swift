internal import HubSync

/// What one server holds under a key.
struct KeyState: Equatable, Sendable {
    /// One value per type that is there.
    var values: [ValueType: Value] = [:]
    /// Unix seconds by the server's clock; nil without a value or without an expiry.
    var expiry: Int?

    /// Equal values, and expiries at most `tolerance` seconds apart.
    func matches(_ other: KeyState, tolerance: Int) -> Bool {
        guard values == other.values else { return false }
        guard let expiry, let theirs = other.expiry else { return expiry == other.expiry }
        return abs(expiry - theirs) <= tolerance
    }

    /// A value as far as it is needed to tell it from another.
    struct Value: Equatable, Sendable {
        private static let shownBytes = 40

        /// Bytes of a string, elements of anything else.
        let length: Int
        private var digest: UInt64 = 0
        /// The beginning, for people.
        private(set) var beginning: [UInt8] = []

        init(length: Int) { self.length = length }

        static func == (left: Value, right: Value) -> Bool {
            (left.length, left.digest) == (right.length, right.digest)
        }

        /// Takes in the answer to a read. Elements of hashes and sets come in any order.
        /// - Parameter roundsScores: takes scores for equal that are equal in the five decimals that a Pika tells.
        /// - Returns: false for an answer that is no value.
        mutating func add(_ reply: Reply, _ type: ValueType, roundsScores: Bool) -> Bool {
            switch (type, reply) {
            case (.string, .bulk(let bytes)): fold(bytes)
            case (.string, .null): fold([])
            case (_, .array(let elements)):
                let items = elements.compactMap(\.bytes)
                guard items.count == elements.count else { return false }
                let isPaired = type == .zset || type == .hash
                for index in stride(from: 0, to: items.count - (isPaired ? 1 : 0), by: isPaired ? 2 : 1) {
                    var hasher = Hasher()
                    hasher.combine(items[index])
                    if isPaired {
                        let isRounded = type == .zset && roundsScores
                        hasher.combine(isRounded ? rounded(items[index + 1]) : items[index + 1])
                    }
                    let hash = UInt64(bitPattern: Int64(hasher.finalize()))
                    digest = type == .list || type == .zset ? digest &* 0x9E37_79B9_7F4A_7C15 &+ hash : digest &+ hash
                    show(items[index])
                }
            default: return false
            }
            return true
        }

        private mutating func fold(_ bytes: [UInt8]) {
            var hasher = Hasher()
            hasher.combine(bytes)
            digest = UInt64(bitPattern: Int64(hasher.finalize()))
            show(bytes)
        }

        private mutating func show(_ bytes: [UInt8]) {
            guard beginning.count < Self.shownBytes else { return }
            if !beginning.isEmpty { beginning.append(UInt8(ascii: " ")) }
            beginning += bytes.prefix(Self.shownBytes - beginning.count)
        }
    }
}

extension KeyState: CustomStringConvertible {
    /// For instance `string of 3 "abc", expires 1795378573`.
    var description: String {
        guard !values.isEmpty else { return "nothing" }
        let parts = values.sorted { $0.key.rawValue < $1.key.rawValue }.map { type, value in
            "\(type.rawValue) of \(value.length) \(quoted(value.beginning))"
        }
        return parts.joined(separator: " and ") + (expiry.map { ", expires \($0)" } ?? "")
    }
}

extension Reply {
    fileprivate var bytes: [UInt8]? {
        if case .bulk(let bytes) = self { bytes } else { nil }
    }
}

/// A score in the five decimals that a Pika tells.
private func rounded(_ score: [UInt8]) -> [UInt8] {
    guard let number = Double(String(decoding: score, as: UTF8.self)), number.isFinite else { return score }
    return Array("\((number * 1e5).rounded())".utf8)
}

/// The bytes in quotes, those that are no printable ASCII as `\x00`.
func quoted(_ bytes: [UInt8]) -> String {
    var text = "\""
    for byte in bytes {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += "\\" + String(UnicodeScalar(byte))
        case 0x20..<0x7f: text += String(UnicodeScalar(byte))
        default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return text + "\""
}
