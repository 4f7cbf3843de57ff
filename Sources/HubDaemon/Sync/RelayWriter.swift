internal import Dispatch
internal import HubStore
internal import HubSync
internal import Synchronization

/// Writes and reads the relay store on a thread of its own, one thing after the other in the order in which they were
/// asked for, so that a disk that hesitates does not hold up deliveries.
final class RelayWriter: Sendable {
    /// Bytes that may wait for the disk; whoever asks for more waits with them.
    private static let maximumWaitingBytes = 32 << 20
    /// From the first write of bulk until all of it is persisted.
    private static let bulkSeconds = 0.5

    private let queue = DispatchQueue(label: "relay")
    /// Touched on the queue only. Nil once it is closed or has failed.
    private let store: Mutex<RelayStore?>
    private let waitingBytes = Mutex(0)
    private let failed: @Sendable (StoreError) -> Void

    /// - Parameter failed: called on the writer's thread, at most once; nothing is written or read after it.
    init(_ store: RelayStore, failed: @escaping @Sendable (StoreError) -> Void) {
        self.store = Mutex(store)
        self.failed = failed
    }

    func write(_ write: SyncEngine.RelayWrite) {
        let bytes = write.chunks.reduce(0) { $0 + $1.commands.count }
        let waiting = waitingBytes.withLock { waiting in
            waiting += bytes
            return waiting
        }
        enqueue { store throws(StoreError) in
            let items = write.chunks.map { chunk in
                RelayStore.Item(sequence: chunk.sequence, header: chunk.header, commands: chunk.commands)
            }
            let wasBulk = store.isBulk
            try store.write(
                items, received: write.received, cursors: write.cursors, suspects: write.suspects,
                dropThrough: write.dropThrough)
            self.waitingBytes.withLock { $0 -= bytes }
            if store.isBulk && !wasBulk { self.persistSoon() }
        }
        if waiting > Self.maximumWaitingBytes { queue.sync {} }
    }

    private func persistSoon() {
        queue.asyncAfter(deadline: .now() + Self.bulkSeconds) { [weak self] in
            self?.perform { store throws(StoreError) in try store.persist() }
        }
    }

    /// Reads chunks from `from` on, after all that was written before.
    func read(from: ChunkSequence, maximumBytes: Int, then take: @escaping @Sendable ([RelayChunk]) -> Void) {
        enqueue { store throws(StoreError) in
            var chunks: [RelayChunk] = []
            for (sequence, bytes) in try store.read(from: from, maximumBytes: maximumBytes) {
                guard let chunk = RelayChunk(sequence: sequence, stored: bytes) else {
                    throw .corruption(during: "reading the relay log", text: "chunk \(sequence) is damaged")
                }
                chunks.append(chunk)
            }
            take(chunks)
        }
    }

    /// Returns when all that was asked for is done and the store is closed.
    func close() async {
        enqueue { store throws(StoreError) in try store.persist() }
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                store.withLock { $0 = nil }
                continuation.resume()
            }
        }
    }

    private func enqueue(_ body: @escaping @Sendable (inout RelayStore) throws(StoreError) -> Void) {
        queue.async { [self] in perform(body) }
    }

    /// On the queue.
    private func perform(_ body: (inout RelayStore) throws(StoreError) -> Void) {
        let failure: StoreError? = store.withLock { store in
            guard var open = store else { return nil }
            store = nil
            do throws(StoreError) {
                try body(&open)
                store = open
                return nil
            } catch {
                return error
            }
        }
        if let failure { failed(failure) }
    }
}
