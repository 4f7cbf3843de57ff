internal import Synchronization

/// Whether this hub leads, and the service that it runs as primary. Opened and ended on Raft's own thread, in the order
/// in which that happens, so that a service never starts, or goes on, after its hub has stopped leading.
final class Reign: Sendable {
    private let state = Mutex<(isOpen: Bool, service: SyncService?)>((false, nil))

    func open() { state.withLock { $0.isOpen = true } }

    /// False when the hub has stopped leading meanwhile.
    func begin(_ service: SyncService) -> Bool {
        state.withLock { state in
            if state.isOpen { state.service = service }
            return state.isOpen
        }
    }

    /// Closes every link, without waiting.
    func end() {
        let service = state.withLock { state in
            defer { state = (false, nil) }
            return state.service
        }
        service?.stop()
    }
}
