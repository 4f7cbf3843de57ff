import HubStore
import Testing

@Suite struct StateStoreTests {
    @Test func stateAndIndexComeBackTogether() throws {
        try withTemporaryDirectory { path in
            var saved = StateStore.Saved(state: state(servers: [1, 2]), appliedIndex: 0x1234_5678_9ABC)
            do {
                let store = try StateStore(path: path)
                #expect(try store.load() == nil)
                try store.save(saved, sync: false)
                saved.state.acknowledge(1, 2, file: 3, offset: 9)
                saved.appliedIndex += 1
                try store.save(saved, sync: true)
                try store.flush()
            }
            #expect(try StateStore(path: path, readOnly: true).load() == saved)
        }
    }

    @Test func anIndexWithoutItsStateIsRefused() throws {
        try withTemporaryDirectory { path in
            do {
                let database = try RocksDatabase(path: path)
                var batch = WriteBatch()
                batch.put(Array("applied".utf8), [0, 0, 0, 0, 0, 0, 0, 1], in: database.family())
                try database.write(batch, sync: true)
            }
            let store = try StateStore(path: path)
            #expect(throws: StateStoreError.incomplete(path: path)) { try store.load() }
        }
    }
}
