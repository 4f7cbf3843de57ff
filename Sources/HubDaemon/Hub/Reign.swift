internal import RaftLog
internal import Synchronization

/// Whether this hub leads, in which term, and the service that it runs as primary. Opened and ended on Raft's own thread,
/// in the order in which that happens, so that a service never starts, or goes on, after its term is over.
final class Reign: Sendable {
    private let state = Mutex<(term: Term?, service: SyncService?)>((nil, nil))

    func open(_ term: Term) { state.withLock { $0.term = term } }

    /// - Returns: false when this hub has stopped leading in `term`; it may lead in a later one by now.
    func begin(_ service: SyncService, in term: Term) -> Bool {
        state.withLock { state in
            guard state.term == term else { return false }
            state.service = service
            return true
        }
    }

    /// Closes every link, without waiting.
    func end() {
        let service = state.withLock { state in
            defer { state = (nil, nil) }
            return state.service
        }
        service?.stop()
    }
}
