/// Carries messages between the hubs of a group. It may lose, repeat and reorder them, but never alters one.
public protocol RaftTransport: Sendable {
    /// Sends what it can and drops what it has no room for. Never blocks: one hub that hangs must not hold up the
    /// others (openraft #1810).
    func send(_ messages: [Message])

    /// The hubs to keep connections with, this one included. Called at the start and after every change.
    func keepConnections(with membership: Membership)
}

/// The transport of a group of one.
public struct NoTransport: RaftTransport {
    public init() {}
    public func send(_ messages: [Message]) {}
    public func keepConnections(with membership: Membership) {}
}
