import Dispatch
import Synchronization

/// What waits for the node's thread. Senders never wait; the thread takes all there is at once, so that everything that
/// came in while the disk was busy becomes one write.
final class Mailbox<Item: Sendable>: Sendable {
    private struct State {
        var items: [Item] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    /// False when the mailbox is closed; the item is dropped then.
    func put(_ item: Item) -> Bool {
        let (isAccepted, isFirst) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.items.append(item)
            return (true, state.items.count == 1)
        }
        if isFirst { wake.signal() }
        return isAccepted
    }

    /// All items; empty when there are none by `deadline`.
    func take(until deadline: DispatchTime) -> [Item] {
        var items = takeAll()
        if items.isEmpty, wake.wait(timeout: deadline) == .success { items = takeAll() }
        return items
    }

    private func takeAll() -> [Item] {
        state.withLock { state in
            var items: [Item] = []
            swap(&items, &state.items)
            return items
        }
    }

    /// Takes nothing more, and hands out what is left.
    func close() -> [Item] {
        state.withLock { $0.isClosed = true }
        return takeAll()
    }
}
