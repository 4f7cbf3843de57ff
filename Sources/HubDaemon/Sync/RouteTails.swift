internal import HubStore
internal import HubSync
internal import Synchronization

/// Who watches routes at this moment. Outlives the terms in which this hub is primary.
final class RouteTails: Sendable {
    /// Watchers at a time.
    static let maximumCount = 16
    /// Lines that wait for a watcher who reads slowly; the oldest of them give way to newer ones.
    private static let waitingLines = 2 * RouteTail.maximumLinesPerSecond

    fileprivate struct Watcher {
        var tail: RouteTail
        var lines: AsyncStream<String>.Continuation
        var lost = 0
    }

    private let watchers = Mutex<(next: Int, all: [Int: Watcher])>((0, [:]))

    var count: Int { watchers.withLock { $0.all.count } }

    /// The lines of a route, until whoever reads them stops. Nil: too many watch already.
    func watch(source: ServerID, destination: ServerID) -> AsyncStream<String>? {
        let (stream, lines) = AsyncStream.makeStream(
            of: String.self, bufferingPolicy: .bufferingNewest(Self.waitingLines))
        let id: Int? = watchers.withLock { watchers in
            guard watchers.all.count < Self.maximumCount else { return nil }
            watchers.next += 1
            watchers.all[watchers.next] = Watcher(
                tail: RouteTail(source: source, destination: destination), lines: lines)
            return watchers.next
        }
        guard let id else { return nil }
        lines.onTermination = { [weak self] _ in self?.watchers.withLock { $0.all[id] = nil } }
        return stream
    }

    /// Shows a chunk that is delivered. Costs a lock while nobody watches.
    func show(_ chunk: RelayChunk, to destination: ServerID) {
        watchers.withLock { watchers in
            for id in watchers.all.keys where watchers.all[id]?.tail.destination == destination {
                watchers.all[id]?.show(chunk, unixMicroseconds: unixMicroseconds())
            }
        }
    }
}

extension RouteTails.Watcher {
    fileprivate mutating func show(_ chunk: RelayChunk, unixMicroseconds now: Int) {
        for line in tail.lines(for: chunk, unixMicroseconds: now) {
            if lost > 0 {
                _ = lines.yield("\(lost) lines were lost: they were read too slowly")
                lost = 0
            }
            if case .dropped = lines.yield(line) { lost += 1 }
        }
    }
}
