internal import HubStore
internal import RaftLog
internal import Synchronization

/// The replicated state as the group's log makes it: applies commands, keeps the state on disk together with its
/// applied index, and shows it to the rest of the hub.
struct HubStateMachine: ReplicatedStateMachine {
    private let store: StateStore
    private var saved: StateStore.Saved
    private let board: StateBoard

    /// - Parameter board: shows the state from now on.
    init(store: StateStore, board: StateBoard) throws {
        self.store = store
        self.board = board
        saved = try store.load() ?? StateStore.Saved(state: HubState(), appliedIndex: 0)
        board.show(saved.state)
    }

    var appliedIndex: LogIndex { LogIndex(saved.appliedIndex) }

    mutating func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]] {
        var replies: [[UInt8]] = []
        do {
            for command in commands {
                replies.append(try saved.state.apply(entry: command.payload).encoded())
                saved.appliedIndex = command.index.rawValue
            }
            try store.save(saved, sync: false)
        } catch {
            throw StateMachineError("\(error)")
        }
        board.show(saved.state)
        return replies
    }

    mutating func flush() throws(StateMachineError) -> LogIndex {
        do {
            try store.flush()
        } catch {
            throw StateMachineError("\(error)")
        }
        return appliedIndex
    }

    mutating func snapshot() throws(StateMachineError) -> [UInt8] { saved.state.encoded() }

    mutating func restore(_ snapshot: [UInt8], through index: LogIndex) throws(StateMachineError) {
        do {
            saved = StateStore.Saved(state: try HubState(snapshot: snapshot), appliedIndex: index.rawValue)
            try store.save(saved, sync: true)
        } catch {
            throw StateMachineError("\(error)")
        }
        board.show(saved.state)
    }
}

/// The newest applied state, for whoever wants to look, and a word to whoever waits for the next.
final class StateBoard: Sendable {
    private let state = Mutex(HubState())
    private let changed: @Sendable () -> Void

    /// - Parameter changed: called on Raft's thread with every new state; must not block.
    init(changed: @escaping @Sendable () -> Void) { self.changed = changed }

    var current: HubState { state.withLock { $0 } }

    func show(_ next: HubState) {
        let isNew = state.withLock { state in
            defer { state = next }
            return state != next
        }
        if isNew { changed() }
    }
}
