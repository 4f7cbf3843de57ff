import HubStore
import Testing

@testable import HubSync

@Suite struct ConflictLogTests {
    @Test func theOldestGoesFirst() {
        var log = ConflictLog()
        #expect(log.newest(5).isEmpty)
        for second in 1...UInt32(ConflictLog.maximumEntries + 3) {
            log.add(.unrepaired(ServerID(1)), key: "k".utf8, unixSeconds: second)
        }
        let all = log.newest(.max).map(\.unixSeconds)
        #expect(all == (4...UInt32(ConflictLog.maximumEntries + 3)).reversed())
        #expect(log.newest(2).map(\.unixSeconds) == Array(all.prefix(2)))
    }

    @Test func ofALongKeyTheBeginningIsKept() {
        var log = ConflictLog()
        log.add(.unrepaired(ServerID(1)), key: repeatElement(UInt8(ascii: "k"), count: 1 << 20), unixSeconds: 1)
        #expect(log.newest(1).first?.key.count == ConflictLog.maximumKeyBytes)
    }
}
