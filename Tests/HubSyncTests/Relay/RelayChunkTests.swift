import HubStore
import Testing

@testable import HubSync

@Suite struct RelayChunkTests {
    private let progress = BinlogProgress(
        firstOpenFile: 3, marks: [3: .init(offset: 1 << 40, index: 2), 7: .init(offset: 9, index: 0)],
        singles: [position(3, 20002), position(4, 1)])

    @Test(arguments: [
        RelayChunk.Audience.others, .everyone, .except([ServerID(2)]), .only([ServerID(2), ServerID(.max)]), .only([]),
    ])
    func aStoredChunkIsReadBack(_ audience: RelayChunk.Audience) {
        var written = chunk(9, source: .max, audience: audience, progress: progress)
        written.recordCount = 12345
        written.execTime = .max
        #expect(RelayChunk(sequence: ChunkSequence(9), stored: written.header + written.commands) == written)
    }

    @Test func aChunkWithoutItsHeaderIsNone() {
        let written = chunk(9, audience: .except([ServerID(2)]), progress: progress)
        for count in written.header.indices {
            #expect(RelayChunk(sequence: ChunkSequence(9), stored: Array(written.header[..<count])) == nil)
        }
    }

    @Test(arguments: [(0, UInt8(0)), (0, 2), (1, 4)])
    func anUnknownVersionOrAudienceIsRefused(_ place: Int, _ value: UInt8) {
        var bytes = chunk(9).header
        bytes[place] = value
        #expect(RelayChunk(sequence: ChunkSequence(9), stored: bytes) == nil)
    }

    /// No write of S is delivered to S, unless as a repair or an echo.
    @Test(
        arguments: [
            (.others, [2, 3]), (.everyone, [1, 2, 3]), (.except([ServerID(2)]), [3]), (.only([ServerID(1)]), [1]),
            (.only([]), []),
        ] as [(RelayChunk.Audience, [UInt32])])
    func theAudienceSaysWhoGetsIt(_ audience: RelayChunk.Audience, _ expected: [UInt32]) {
        #expect((1...3).filter { audience.includes(ServerID($0), source: ServerID(1)) } == expected)
    }
}
