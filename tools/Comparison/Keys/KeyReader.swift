internal import HubSync

/// Reads keys of one server, in few round trips and bounded pieces.
struct KeyReader: Sendable {
    /// About what the values of one round trip may take, unless one value alone takes more.
    private static let batchBytes = 1 << 20
    /// What an element of a list or sorted set is taken to have.
    private static let elementBytes = 64

    let connection: RedisConnection
    let server: String
    let types: [ValueType]
    let roundsScores: Bool

    /// What is there under a key, without its value.
    struct Outline: Equatable, Sendable {
        var lengths: [ValueType: Int] = [:]
        var expiry: Int?
        /// The type when it is none of those that are compared.
        var otherType: String?
    }

    func outlines(_ keys: [[UInt8]]) async throws -> [Outline] {
        let names = ["TYPE", "TTL"] + types.map(\.lengthCommand)
        let commands = keys.flatMap { key in names.map { [Array($0.utf8), key] } }
        let replies = try await connection.send(commands + [[Array("TIME".utf8)]])
        guard case .array(let time) = replies.last, let now = time.first?.text.flatMap({ Int($0) }) else {
            throw refusal("TIME", replies.last)
        }
        return try keys.indices.map { index in
            let answers = replies[index * names.count..<(index + 1) * names.count]
            return try outline(Array(answers), now: now)
        }
    }

    private func outline(_ answers: [Reply], now: Int) throws -> Outline {
        guard case .status(let type) = answers[0] else { throw refusal("TYPE", answers[0]) }
        guard case .integer(let left) = answers[1] else { throw refusal("TTL", answers[1]) }
        var outline = Outline()
        if type != "none", !types.contains(where: { $0.rawValue == type }) { outline.otherType = type }
        for (wanted, answer) in zip(types, answers.dropFirst(2)) {
            switch answer {
            case .integer(let length):
                // The empty string is a value too.
                if length > 0 || wanted.rawValue == type { outline.lengths[wanted] = length }
            case .error(let text) where text.hasPrefix("WRONGTYPE"): break
            default: throw refusal(wanted.lengthCommand, answer)
            }
        }
        if left >= 0, !outline.lengths.isEmpty { outline.expiry = now + left }
        return outline
    }

    /// The keys' states, given their outlines.
    func states(_ keys: [[UInt8]], _ outlines: [Outline]) async throws -> [KeyState] {
        var states = outlines.map { KeyState(expiry: $0.expiry) }
        var batch: [Piece] = []
        var bytes = 0
        for (index, outline) in outlines.enumerated() {
            for type in types {
                guard let length = outline.lengths[type] else { continue }
                states[index].values[type] = KeyState.Value(length: length)
                var start: Int? = 0
                while let place = start {
                    start = type.next(after: place, length: length)
                    batch.append(Piece(index: index, type: type, start: place))
                    bytes += type == .string ? length : ((start ?? length) - place) * Self.elementBytes
                    guard bytes >= Self.batchBytes else { continue }
                    try await read(batch, of: keys, into: &states)
                    batch = []
                    bytes = 0
                }
            }
        }
        try await read(batch, of: keys, into: &states)
        return states
    }

    /// One read of a value, or of a part of it.
    private struct Piece {
        var index: Int
        var type: ValueType
        var start: Int
    }

    private func read(_ pieces: [Piece], of keys: [[UInt8]], into states: inout [KeyState]) async throws {
        let replies = try await connection.send(pieces.map { $0.type.read(keys[$0.index], from: $0.start) })
        for (piece, reply) in zip(pieces, replies) {
            if case .error(let text) = reply, text.hasPrefix("WRONGTYPE") {
                // It was replaced since the outline was read.
                states[piece.index].values[piece.type] = nil
                continue
            }
            let isValue =
                states[piece.index].values[piece.type]?.add(reply, piece.type, roundsScores: roundsScores) ?? true
            if !isValue { throw refusal("a read of a \(piece.type.rawValue)", reply) }
        }
    }

    private func refusal(_ command: String, _ reply: Reply?) -> ComparisonError {
        .refused(server, command: command, reply?.text ?? "an answer of another kind")
    }
}
