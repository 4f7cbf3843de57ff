import HubStore
import HubSync

extension Verification {
    mutating func checkRelay(_ store: RelayStore) {
        var next = store.first
        do throws(StoreError) {
            try store.forEachChunk { sequence, stored in
                chunkCount += 1
                if sequence != next { fault("relay", "chunks \(next) to \(sequence.previous) are missing") }
                next = sequence.rawValue < .max ? sequence.next : sequence
                checkChunk(sequence, stored)
            }
        } catch {
            fault("relay", "\(error)")
        }
        for (server, cursor) in store.cursors where cursor.acknowledged >= store.next {
            fault(
                "relay",
                "server \(server) has acknowledged chunk \(cursor.acknowledged), but the next one is \(store.next)")
        }
    }

    private mutating func checkChunk(_ sequence: ChunkSequence, _ stored: [UInt8]) {
        guard let chunk = RelayChunk(sequence: sequence, stored: stored) else {
            return fault("relay", "chunk \(sequence) is damaged: its header is of no known layout")
        }
        do throws(RecordError) {
            _ = try chunk.splitCommands()
        } catch {
            fault("relay", "chunk \(sequence) is damaged: \(error)")
        }
    }
}
