/// Keeps a hub that was primary, and doesn't know yet that it isn't any more, from writing to the servers.
struct Fence {
    /// Asked before every round of actions.
    let mayAct: @Sendable () -> Bool
    /// Told once, when all links have been closed because the hub may not act.
    let passed: @Sendable () -> Void
}
