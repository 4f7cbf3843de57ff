import Testing

@testable import HubSync

/// Issue 4: a server whose clock is off, or steps, is noticed.
@Suite struct ClockWatchTests {
    private var watch = ClockWatch()

    private mutating func isNews(_ execTime: UInt32, at unixTime: UInt32 = 1000, isLive: Bool = true) -> Bool {
        watch.note(execTime: execTime, unixTime: unixTime, isLive: isLive)
    }

    @Test mutating func aClockInStepIsNoNews() {
        let news = (UInt32(997)...1003).map { isNews($0) }
        #expect(!news.contains(true) && watch.offset == 0)
    }

    @Test mutating func aClockAheadIsNoticedInABacklogToo() {
        let news = [isNews(1010, isLive: false), isNews(1012, at: 1001)]
        #expect(news == [true, false], "it is the same clock")
        #expect(watch.offset == 10)
    }

    @Test mutating func oldRecordsOfABacklogSayNothing() {
        let news = [isNews(10, isLive: false), isNews(10)]
        #expect(news == [false, true])
        #expect(watch.offset == -990)
    }

    @Test mutating func aStepAndItsEndAreNews() {
        let news = [isNews(1100), isNews(901, at: 1001)]
        #expect(news == [true, true] && watch.offset == -100)
        let last = isNews(1002, at: 1002)
        #expect(last && watch.offset == 0)
    }

    @Test func theEngineSaysSo() {
        var rig = EngineRig(servers: 2)
        rig.write(1, "SET k v", execTime: UInt32.max / 2)
        rig.write(1, "SET k w", execTime: UInt32.max / 2 + 1)
        #expect(rig.logged.filter { $0 == "clock" }.count == 1)
        #expect((rig.engine.status.links.first?.clockOffset ?? 0) > 1_000_000)
    }
}
