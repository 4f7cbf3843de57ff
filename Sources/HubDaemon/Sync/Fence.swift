internal import HubSync

/// Keeps a hub that was primary, and doesn't know yet that it isn't any more, from writing to the servers.
struct Fence {
    /// Asked before every round of actions.
    let mayAct: @Sendable () -> Bool
    /// Told once, when all links have been closed because the hub may not act.
    let passed: @Sendable () -> Void
}

extension SyncEngine.Action {
    /// Whether it goes on with the servers, as opposed to ending or noting something.
    var goesOn: Bool {
        switch self {
        case .send, .deliver, .connect, .resume, .read: true
        case .write, .close, .log: false
        }
    }
}
