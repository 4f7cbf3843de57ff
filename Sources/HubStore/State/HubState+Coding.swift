internal import FoundationEssentials

// JSON of the replicated state and of its commands. Server ids are the keys of objects, bytes are base64, and a
// progress is {"below": first open file, "marks": [[file, offset, index] …],
// "singles": the same}. Keys are sorted, so that equal states
// give equal bytes.

/// A command or a snapshot that this version cannot read.
public enum StateFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Written by a newer version. Nothing after it may be applied: the hub has to stop.
    case newerVersion(what: String, found: Int, known: Int)
    /// A command that this version doesn't have, though the version says it should. The hub has to stop.
    case unknownCommand(name: String)
    /// Nothing that any version wrote.
    case malformed(what: String, text: String)

    public var description: String {
        switch self {
        case .newerVersion(let what, let found, let known):
            "\(what) of version \(found) was written by a newer hub; this one knows versions up to \(known): update it"
        case .unknownCommand(let name):
            "the log holds the command '\(name)', which this hub doesn't know: update it"
        case .malformed(let what, let text): "malformed \(what): \(text)"
        }
    }
}

extension HubCommand {
    /// The newest version of a log entry that this hub writes and reads. 2: `Advance.cuts`.
    public static let version = 2

    /// The oldest that knows all that this entry says.
    private var neededVersion: Int {
        if case .advance(let progress) = self, progress.cuts != nil { 2 } else { 1 }
    }

    /// The bytes of a log entry.
    public func encoded() -> [UInt8] { json(Versioned(version: neededVersion, content: self)) }

    /// - Throws: `StateFormatError`; all but `.malformed` mean that the hub must stop.
    public init(entry: [UInt8]) throws(StateFormatError) {
        let names: VersionedNames = try decode(entry, what: "log entry")
        guard names.version <= Self.version else {
            throw .newerVersion(what: "a log entry", found: names.version, known: Self.version)
        }
        if let unknown = names.names.first(where: { name in !CodingKeys.allCases.contains { $0.rawValue == name } }) {
            throw .unknownCommand(name: unknown)
        }
        self = try decode(entry, what: "log entry")
    }
}

extension HubState {
    /// The newest version of a snapshot that this hub writes and reads.
    public static let version = 1

    /// Applies a log entry.
    ///
    /// - Throws: `.newerVersion` or `.unknownCommand`, after which the hub must stop. Bytes that no version wrote
    ///   change nothing and are answered as refused, on every hub alike.
    public mutating func apply(entry: [UInt8]) throws(StateFormatError) -> HubReply {
        let command: HubCommand
        do {
            command = try HubCommand(entry: entry)
        } catch .malformed(_, let text) {
            return .refused(reason: .malformed(text: text))
        }
        return apply(command)
    }

    /// The bytes of a snapshot.
    public func encoded() -> [UInt8] { json(Versioned(version: Self.version, content: self)) }

    public init(snapshot: [UInt8]) throws(StateFormatError) {
        let names: VersionedNames = try decode(snapshot, what: "snapshot of the state")
        guard names.version <= Self.version else {
            throw .newerVersion(what: "the state", found: names.version, known: Self.version)
        }
        self = try decode(snapshot, what: "snapshot of the state")
    }
}

extension HubReply {
    public func encoded() -> [UInt8] { json(self) }

    public init(reply: [UInt8]) throws(StateFormatError) { self = try decode(reply, what: "reply") }
}

/// `content`'s own object with a `version` beside its keys.
private struct Versioned<Content: Encodable>: Encodable {
    var version: Int
    var content: Content

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: PlainKey.self)
        try container.encode(version, forKey: PlainKey("version"))
        try content.encode(to: encoder)
    }
}

/// The version of an object and the names of what else it holds.
private struct VersionedNames: Decodable {
    var version: Int
    var names: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: PlainKey.self)
        version = try container.decode(Int.self, forKey: PlainKey("version"))
        names = container.allKeys.map(\.stringValue).filter { $0 != "version" }.sorted()
    }
}

private struct PlainKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}

private func json(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
        return Array(try encoder.encode(value))
    } catch {
        preconditionFailure("a state or command that JSON cannot hold: \(error)")
    }
}

private func decode<Value: Decodable>(_ bytes: [UInt8], what: String) throws(StateFormatError) -> Value {
    do {
        return try JSONDecoder().decode(Value.self, from: Data(bytes))
    } catch {
        throw .malformed(what: what, text: "\(error)")
    }
}

// MARK: - Parts

extension ServerID: CodingKeyRepresentable {
    public var codingKey: any CodingKey { PlainKey(description) }
    public init?(codingKey: some CodingKey) {
        guard let number = UInt32(codingKey.stringValue) else { return nil }
        self.init(number)
    }
}

extension HubID: CodingKeyRepresentable {
    public var codingKey: any CodingKey { PlainKey(String(rawValue)) }
    public init?(codingKey: some CodingKey) {
        guard let number = UInt64(codingKey.stringValue) else { return nil }
        self.init(number)
    }
}

/// Bytes that need not be text, such as a key. Base64 in JSON.
public struct Base64Bytes: Hashable, Sendable, Codable, CodingKeyRepresentable {
    public var bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    private var text: String { Data(bytes).base64EncodedString() }

    private init?(text: String) {
        guard let data = Data(base64Encoded: text) else { return nil }
        bytes = Array(data)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Base64Bytes(text: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not base64")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var codingKey: any CodingKey { PlainKey(text) }
    public init?(codingKey: some CodingKey) { self.init(text: codingKey.stringValue) }
}

extension Suspect: Codable {
    private enum CodingKeys: CodingKey { case key, type, winner }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            key: try container.decode(Base64Bytes.self, forKey: .key).bytes,
            type: try container.decodeIfPresent(UInt8.self, forKey: .type) ?? Self.anyType,
            winner: try container.decodeIfPresent(ServerID.self, forKey: .winner))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Base64Bytes(key), forKey: .key)
        try container.encode(type, forKey: .type)
        try container.encodeIfPresent(winner, forKey: .winner)
    }
}

extension BinlogProgress {
    private enum CodingKeys: CodingKey { case below, marks, singles }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        var marks: [UInt32: Mark] = [:]
        for position in try Self.positions(in: container, .marks) {
            marks[position.file] = Mark(offset: position.offset, index: position.index)
        }
        self.init(
            firstOpenFile: try container.decode(UInt32.self, forKey: .below), marks: marks,
            singles: Set(try Self.positions(in: container, .singles)))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(firstOpenFile, forKey: .below)
        let marked = marks.map { BinlogPosition(file: $0.key, offset: $0.value.offset, index: $0.value.index) }
        try container.encode(marked.sorted().map(Self.numbers), forKey: .marks)
        if !singles.isEmpty { try container.encode(singles.sorted().map(Self.numbers), forKey: .singles) }
    }

    private static func numbers(_ position: BinlogPosition) -> [UInt64] {
        [UInt64(position.file), position.offset, UInt64(position.index)]
    }

    private static func positions(
        in container: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys
    ) throws -> [BinlogPosition] {
        try (container.decodeIfPresent([[UInt64]].self, forKey: key) ?? []).map { item in
            guard item.count == 3, let file = UInt32(exactly: item[0]), let index = UInt32(exactly: item[2]) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "expected [file, offset, index]")
            }
            return BinlogPosition(file: file, offset: item[1], index: index)
        }
    }
}
