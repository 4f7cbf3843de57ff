import HubStore
import Testing

@testable import HubSync

/// What a new process delivers once more, not knowing what the servers wrote meanwhile.
@Suite struct RedeliveryTests {
    /// Server 3 set the key after it had been deleted, and has now deleted it once more. Its clock is ahead of the
    /// deletion's source all the time.
    @Test func aDeletionOnTopOfANewerWriteIsRepaired() {
        let (one, two, three) = (ServerID(1), ServerID(2), ServerID(3))
        let deletion = RelayChunk(
            sequence: ChunkSequence(1), source: two, audience: .others, progress: BinlogProgress(), recordCount: 1,
            execTime: 1000, commands: Array("*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n".utf8))
        let first = record("SET k old", from: 3, offset: 0, execTime: 1010)
        let second = record("SET x y", from: 3, offset: UInt64(first.count), execTime: 1010)
        var old = BinlogProgress(firstOpenFile: 0)
        old.cover(BinlogPosition(file: 0, offset: UInt64(first.count)))
        let recovered = SyncEngine.Recovered(
            first: ChunkSequence(1), next: ChunkSequence(2),
            cursors: [
                one: .init(acknowledged: ChunkSequence(1), run: ""),
                two: .init(acknowledged: ChunkSequence(1), run: ""),
                three: .init(acknowledged: ChunkSequence(0), run: ""),
            ])
        var rig = EngineRig(
            recovered: recovered, offset: UInt64((first + second).count), relay: [deletion],
            acknowledged: [three: [one: old, two: old]])
        rig.pass(0.5)
        #expect(rig.pikas[3]?.delivered == ["DEL k"])
        let third = record("SET k new", from: 3, offset: UInt64((first + second).count), execTime: 1011)
        rig.send(3, first + second + third)
        rig.pass(8)
        #expect((1...3).map { rig.pikas[$0]?.values["k"] } == ["new", "new", "new"])
        #expect(rig.engine.status.suspects == 0)
    }
}
