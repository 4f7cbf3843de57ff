import HubStore
import Testing

@testable import HubSync

private let one = ServerID(1)
private let two = ServerID(2)

/// A server's binlog ends before what was read of it.
@Suite struct CutTests {
    private static func rig(end: UInt64) -> EngineRig {
        let read = BinlogProgress(marks: [0: .init(offset: 500, index: 0)])
        return EngineRig(servers: 2, offset: end, acknowledged: [one: [two: read], two: [one: BinlogProgress()]])
    }

    @Test(arguments: [(UInt64(400), true), (500, true), (501, false)])
    func itIsReported(end: UInt64, isShort: Bool) {
        var rig = Self.rig(end: end)
        rig.pass(0.5)
        #expect(rig.logged.contains("binlog-short") == isShort)
        let cuts = rig.takeAdvance().cuts
        #expect(cuts[one] == (isShort ? BinlogPosition(file: 0, offset: end) : nil))
    }

    /// What it writes stands where something else was read.
    @Test func whatItWritesThenReachesTheOthers() {
        var rig = Self.rig(end: 400)
        rig.pass(0.5)
        let isRead = rig.write(1, "SET k v")
        #expect(!isRead, "nothing is read until the group knows")
        let cuts = rig.takeAdvance().cuts
        #expect(cuts == [one: BinlogPosition(file: 0, offset: 400)])
        rig.renew(1)
        rig.pass(1)
        rig.dial(1)
        rig.send(1, record("SET k v", offset: 400))
        rig.pass(0.5)
        #expect(rig.pikas[2]?.delivered == ["SET k v"])
        let advance = rig.takeAdvance()
        #expect(advance.cuts.isEmpty && advance.generations[one] == 1)
        #expect(advance.acknowledged[one]?[two]?.newest == BinlogPosition(file: 0, offset: 400))
    }

    /// One destination is far behind the other.
    @Test func whatOneDestinationOnlyHasTellsToo() {
        let (less, more) = (BinlogProgress(marks: [0: .init(offset: 300, index: 0)]), 500 as UInt64)
        let far = BinlogProgress(marks: [0: .init(offset: more, index: 0)])
        var rig = EngineRig(servers: 3, offset: 400, acknowledged: [one: [two: far, ServerID(3): less]])
        rig.pass(0.5)
        let cuts = rig.takeAdvance().cuts
        #expect(cuts == [one: BinlogPosition(file: 0, offset: 400)])
    }

    /// The link does not come up before the group knows. A binlog that has only its first file has begun anew.
    @Test(arguments: [
        (UInt32(4), BinlogPosition(file: 4, offset: 400)), (UInt32(0), BinlogPosition(file: 0, offset: 0)),
    ])
    func aBinlogMayEndInAnEarlierFile(_ file: UInt32, _ end: BinlogPosition) {
        let read = BinlogProgress(firstOpenFile: 5, marks: [5: .init(offset: 100, index: 0)])
        var rig = EngineRig(servers: 2, offset: 400, newestFile: file, acknowledged: [one: [two: read]])
        rig.pass(0.5)
        let cuts = rig.takeAdvance().cuts
        #expect(cuts == [one: end])
        rig.pikas[1]?.firstInWindow = file
        rig.renew(1)
        rig.pass(5)
        #expect(rig.pikas[1]?.asked == ["\(file)"])
        #expect(rig.engine.servers[0].reader.covered(for: two).covers(position(4, 399)) == (file == 4))
    }

    /// What a lagging destination acknowledges after the cut was read before it.
    @Test func acknowledgementsOfWhatWasReadBeforeCountUpToTheCut() {
        var rig = EngineRig(servers: 2)
        rig.write(1, "SET a 1")
        rig.pass(0.5)
        let end = rig.pikas[1]?.offset ?? 0
        rig.pikas[2]?.answersPings = false
        rig.write(1, "SET b 1", "SET c 1")
        rig.breakData(1)
        rig.pikas[1]?.offset = end
        rig.pass(0.5)
        #expect(rig.takeAdvance().cuts.count == 1)
        rig.renew(1)
        rig.answerPings(2)
        rig.pass(0.5)
        let newest = rig.engine.servers[1].acknowledged[one]?.newest
        #expect(newest.map { $0 < position(0, end) } == true)
    }

    /// A Pika reads the two numbers of `INFO log` without a lock: the old file with the new one's offset, as a file ends.
    @Test func oneOddReportIsNotBelieved() {
        var rig = Self.rig(end: 501)
        rig.pass(0.5)
        let status = { BinlogSenderStatus(producerFile: $0, producerOffset: $1) }
        var engine = rig.engine
        engine.servers[0].newestBefore = position(4, 90_000)
        engine.watchEnd(of: 0, status(4, 10), now: 0)
        #expect(engine.servers[0].isCutPending)
        engine.watchEnd(of: 0, status(5, 10), now: 0)
        #expect(!engine.servers[0].isCutPending)
    }

    /// A slave takes the place of its dead master, and may lack what that had got or written last.
    @Test func whatASlaveMayLackIsCompared() {
        var rig = EngineRig(servers: 3)
        rig.write(2, "SET old v")
        rig.pass(5)
        rig.write(2, "SET got v")
        rig.write(1, "SET written v")
        rig.pass(0.3)
        let places = rig.takeAdvance().acknowledged
        rig.renew(1, address: "1", acknowledged: places)
        rig.pikas[1]?.values = ["old": "v"]
        #expect(rig.engine.status.suspects == 2)
        rig.pass(15)
        #expect(rig.pikas[1]?.values == ["old": "v", "got": "v", "written": "v"])
        #expect(rig.engine.status.suspects == 0)
    }
}
