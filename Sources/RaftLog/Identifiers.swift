/// A reign: counts up with every election, and has at most one leader (Raft paper, section 5.1). 0 before the first.
public struct Term: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    public static let zero = Term(0)
    public var next: Term { Term(rawValue + 1) }

    public static func < (left: Term, right: Term) -> Bool { left.rawValue < right.rawValue }
    public var description: String { String(rawValue) }
}

/// The place of an entry in the log. The first entry has 1; 0 stands for the empty log's end.
public struct LogIndex: RawRepresentable, Hashable, Sendable, Strideable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    public static let zero = LogIndex(0)
    public var next: LogIndex { LogIndex(rawValue + 1) }
    /// Traps at zero.
    public var previous: LogIndex { LogIndex(rawValue - 1) }

    public func distance(to other: LogIndex) -> Int { Int(Int64(bitPattern: other.rawValue &- rawValue)) }
    public func advanced(by count: Int) -> LogIndex { LogIndex(UInt64(Int64(rawValue) + Int64(count))) }

    public static func == (left: LogIndex, right: LogIndex) -> Bool { left.rawValue == right.rawValue }
    public static func < (left: LogIndex, right: LogIndex) -> Bool { left.rawValue < right.rawValue }
    public var description: String { String(rawValue) }
}

/// Which group of hubs. Two groups never exchange a message, even when an address moves from one to the other.
public struct GroupID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    public var description: String { String(rawValue, radix: 16) }
}

/// Which disk: drawn at random when a hub first initialises its `floyd-path`. A hub that comes back with another one
/// has lost what it promised, so its peers refuse it (`notes/raft.md`, bug 23). Never 0.
public struct Incarnation: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    public var description: String { String(rawValue, radix: 16) }
}

/// The name of one read. Drawn by the core for every attempt and never used again, so that an acknowledgement that
/// was meant for an earlier attempt cannot confirm a later one (etcd #20418).
public struct ReadToken: Hashable, Sendable {
    let rawValue: UInt64
}
