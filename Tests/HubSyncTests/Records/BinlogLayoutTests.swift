import Testing

@testable import HubSync

/// Blocks of 64 KiB, pieces behind headers of 8 bytes, a rest too short for a header filled up.
@Suite struct BinlogLayoutTests {
    /// Writes byte by byte and returns where the writer stands afterwards.
    private func write(start: UInt64, length: Int) -> UInt64 {
        var position = start
        var room: UInt64 { 65536 - position % 65536 }
        func header() {
            while room < 8 { position += 1 }
            position += 8
        }
        header()
        for _ in 0..<length {
            if position.isMultiple(of: 65536) { header() }
            position += 1
        }
        return position
    }

    @Test(
        arguments: [
            (0, 106, 114), (0, 65528, 65536), (0, 65529, 65536 + 8 + 1), (65527, 10, 65536 + 17),
            (65536 - 7, 10, 65536 + 18), (65536 - 1, 10, 65536 + 18), (65536, 10, 65536 + 18), (100, 0, 108),
        ] as [(UInt64, Int, UInt64)])
    func theNextRecordsStampFollowsFromPlaceAndLength(_ start: UInt64, _ length: Int, _ end: UInt64) {
        #expect(BinlogLayout.end(start: start, length: length) == end)
    }

    /// With exactly a header's room left, an empty piece is written and the record goes on in the next block.
    @Test func exactlyAHeadersRoomTakesAnEmptyPiece() {
        #expect(BinlogLayout.end(start: 65536 - 8, length: 10) == 65536 + 18)
    }

    @Test func aNaiveWriterAgrees() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<300 {
            let nearEdge = UInt64.random(in: 0..<40, using: &random)
            let start = UInt64.random(in: 0..<4, using: &random) * 65536 + (65536 - 20) + nearEdge
            let length = Int.random(in: 1..<140_000, using: &random)
            #expect(BinlogLayout.end(start: start, length: length) == write(start: start, length: length))
        }
    }
}
