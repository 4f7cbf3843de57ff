import HubStore
import Testing

@Suite struct BinlogProgressStoredTests {
    private let progress = BinlogProgress(
        firstOpenFile: 3, marks: [2: .init(offset: 7, index: 0), 3: .init(offset: 1 << 40, index: 2)],
        singles: [BinlogPosition(file: 3, offset: .max, index: .max)])

    private func read(_ bytes: [UInt8]) -> BinlogProgress? {
        var reader = LittleEndianReader(bytes: bytes)
        return BinlogProgress(from: &reader)
    }

    @Test func whatIsStoredIsReadBack() {
        for progress in [BinlogProgress(), progress] { #expect(read(progress.stored) == progress) }
    }

    @Test func theReaderStandsBehindIt() {
        var reader = LittleEndianReader(bytes: progress.stored + [1, 2, 3])
        #expect(BinlogProgress(from: &reader) == progress)
        #expect(reader.index == progress.stored.count && reader.next(UInt8.self) == 1)
    }

    @Test func aPartIsRefused() {
        for count in progress.stored.indices { #expect(read(Array(progress.stored[..<count])) == nil, "\(count)") }
    }

    @Test func randomBytesAreReadOrRefused() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0..<60, using: &generator)).map { index in
                // Mostly small counts, so that some are read.
                index < 8 ? UInt8.random(in: 0...1, using: &generator) : .random(in: 0...255, using: &generator)
            }
            guard let progress = read(bytes) else { continue }
            #expect(read(progress.stored) == progress, "\(bytes)")
        }
    }
}
