import HubStore
import Testing

@testable import HubSync

private let near = ServerID(2)
private let far = ServerID(3)

/// Destinations that have acknowledged different parts of one source.
@Suite struct SourceReaderDestinationTests {
    private var reader = SourceReader()

    init() {
        let less = BinlogProgress(firstOpenFile: 3, marks: [3: .init(offset: 108, index: 0)])
        let more = BinlogProgress(firstOpenFile: 3, marks: [3: .init(offset: 324, index: 0)])
        reader.reset(bases: [near: less, far: more], floor: BinlogProgress())
        reader.beginEpoch(at: 3)
        reader.opened(LinkConnectionID(1))
    }

    @Test func readingStartsWhereTheSlowestIs() {
        #expect(reader.progress.covers(position(3, 108)) && !reader.progress.covers(position(3, 216)))
        #expect(reader.covered(for: far).covers(position(3, 324)))
        #expect(!reader.covered(for: near).covers(position(3, 324)))
    }

    @Test mutating func theOneAheadDoesNotGetARecordAgain() {
        #expect(reader.take(3, 0) == .duplicate)
        #expect(reader.take(3, 108) == .duplicate)
        #expect(reader.take(3, 216) == .except([far]))
        #expect(reader.take(3, 324) == .except([far]))
        #expect(reader.take(3, 432) == .everyone)
        #expect(reader.ahead.isEmpty)
    }

    /// What one had more than the others says nothing of what all have got since.
    @Test mutating func inTheNextEpochNobodyGetsWhatAllHaveGot() {
        let less = BinlogProgress(firstOpenFile: 3, marks: [3: .init(offset: 108, index: 0)])
        var more = less
        more.cover(position(4, 50))
        reader.reset(bases: [near: less, far: more], floor: BinlogProgress())
        for _ in 1...2 {
            reader.beginEpoch(at: 3)
            reader.opened(LinkConnectionID(1))
            for offset in [0, 108] as [UInt64] { #expect(reader.take(3, offset) == .duplicate) }
            let isFirst = !reader.progress.covers(position(3, 216))
            #expect(reader.take(3, 216) == (isFirst ? .everyone : .duplicate))
        }
        #expect(reader.ahead.keys.sorted() == [far])
    }

    @Test mutating func aRemovedDestinationIsNotConsidered() {
        reader.remove(far)
        for offset in [0, 108] as [UInt64] { reader.take(3, offset) }
        #expect(reader.take(3, 216) == .everyone)
    }

    @Test mutating func aDestinationWithoutAPlaceIsServedFromTheStart() {
        reader.reset(bases: [near: BinlogProgress(), far: reader.progress], floor: reader.progress)
        reader.beginEpoch(at: 0)
        reader.opened(LinkConnectionID(1))
        #expect(reader.take(3, 0) == .except([far]))
    }

    @Test mutating func withoutDestinationsTheFloorStays() {
        let floor = BinlogProgress(firstOpenFile: 8)
        reader.reset(bases: [:], floor: floor)
        #expect(reader.progress == floor)
    }
}
