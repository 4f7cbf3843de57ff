import Testing

@testable import PikaSim

/// A binlog in memory, and a stage that hands out the files it is told to.
private final class World: SenderWorld {
    var offered: [UInt32] = []
    var files: [UInt32: Bytes] = [0: []]
    var binlogEnd = BinlogEnd(file: 0, offset: 0)

    func nextFile(for sender: Int) -> UInt32? { offered.isEmpty ? nil : offered.removeFirst() }

    func exists(file: UInt32) -> Bool { files[file] != nil }

    func read(_ reader: inout BinlogReader, sender: Int) -> BinlogReader.Step {
        let bytes = files[reader.file] ?? []
        return reader.next { position, count in bytes.dropFirst(Int(position)).prefix(count) }
    }

    /// Writes `SET key 1` and answers its bytes.
    @discardableResult
    func write(_ key: String, forHub: Bool = true) -> Bytes {
        var item: Bytes = []
        BinlogRecord(
            arguments: [Bytes("set"), Bytes(key), Bytes("1")], serverID: Bytes("1"), stamp: Bytes("X"), isForHub: forHub
        ).append(to: &item)
        append(item)
        return item
    }

    func append(_ item: Bytes) {
        binlogEnd.offset = BinlogFormat.append(
            item, at: binlogEnd.offset, seconds: 0, to: &files[binlogEnd.file, default: []])
    }

    func roll() {
        binlogEnd = BinlogEnd(file: binlogEnd.file + 1, offset: 0)
        files[binlogEnd.file] = []
    }
}

@Suite final class SenderThreadTests {
    private let world = World()
    private var thread = SenderThread(index: 0)

    private func resume(_ event: SenderThread.Event) -> SenderThread.Action { thread.resume(event, in: world) }

    private func connectToFileZero() {
        world.offered = [0]
        #expect(resume(.wake) == .connect)
    }

    @Test func withoutAFileItSleepsUnconnected() {
        #expect(resume(.wake) == .sleep(closing: true))
        #expect(thread.status == .unstarted)
    }

    @Test func itSendsWhatIsForTheHubAndPolls() {
        let first = world.write("a")
        world.write("b", forHub: false)
        let third = world.write("c")
        connectToFileZero()
        #expect(resume(.connected) == .send(first + third))
        #expect(resume(.sent) == .sleep(closing: false))
        #expect(thread.status == .waiting)
        let fourth = world.write("d")
        #expect(resume(.wake) == .send(fourth))
    }

    @Test func itGoesOnToTheNextFileOnTheSameConnection() {
        let first = world.write("a")
        connectToFileZero()
        #expect(resume(.connected) == .send(first))
        world.roll()
        let second = world.write("b")
        #expect(resume(.sent) == .sleep(closing: false))
        #expect(thread.status == .endOfFile)
        world.offered = [1]
        #expect(resume(.wake) == .send(second))
    }

    /// What a write has accepted is gone, what it refused is repeated.
    @Test func afterALostConnectionItRepeatsOnlyWhatFailed() {
        let first = world.write("a")
        connectToFileZero()
        #expect(resume(.connected) == .send(first))
        #expect(resume(.sent) == .sleep(closing: false))
        let second = world.write("b")
        #expect(resume(.wake) == .send(second))
        #expect(resume(.sendFailed) == .connect)
        #expect(resume(.connected) == .send(second))
    }

    @Test func aFailedDialIsRepeated() {
        connectToFileZero()
        #expect(resume(.connectFailed) == .connect)
    }

    /// It keeps the lost hub's connection until it has something for the new one.
    @Test func whileIdleAResetLeavesTheConnectionOpen() {
        let first = world.write("a")
        connectToFileZero()
        #expect(resume(.connected) == .send(first))
        #expect(resume(.sent) == .sleep(closing: false))
        thread.reset(reconnecting: true)
        #expect(resume(.wake) == .sleep(closing: false))
        world.offered = [0]
        #expect(resume(.wake) == .connect)
        #expect(resume(.connected) == .send(first))
    }

    @Test func whileBusyAResetDropsTheConnection() {
        let first = world.write("a")
        connectToFileZero()
        #expect(resume(.connected) == .send(first))
        thread.reset(reconnecting: true)
        #expect(resume(.sent) == .sleep(closing: true))
    }

    @Test func aMissingFileEndsItForGood() {
        world.offered = [7]
        #expect(resume(.wake) == .connect)
        #expect(resume(.connected) == .end)
        thread.reset(reconnecting: false)
        world.offered = [0]
        #expect(resume(.wake) == .end)
        #expect(thread.hasEnded)
    }

    /// An empty item passes for the file's end: with a newer file at hand the rest is skipped.
    @Test func anEmptyItemHidesTheRestOfAnOlderFile() {
        let first = world.write("a")
        world.append([])
        world.write("never seen")
        world.roll()
        let last = world.write("b")
        connectToFileZero()
        #expect(resume(.connected) == .send(first))
        world.offered = [1]
        #expect(resume(.sent) == .send(last))
    }

    @Test func blanksKillTheServer() {
        world.files[0] = Bytes(repeating: 0x20, count: 65536)
        world.binlogEnd.offset = 65536
        connectToFileZero()
        #expect(resume(.connected) == .crash)
    }
}
