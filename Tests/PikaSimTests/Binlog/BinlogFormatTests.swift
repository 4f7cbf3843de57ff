import Testing

@testable import PikaSim

@Suite struct BinlogFormatTests {
    /// The offset behind an item of `size` bytes that is written at `offset`.
    private func end(of size: Int, at offset: UInt64) -> UInt64 {
        var out: Bytes = []
        let end = BinlogFormat.append(Bytes(repeating: 7, count: size), at: offset, seconds: 0, to: &out)
        #expect(UInt64(out.count) == end - offset)
        return end
    }

    @Test func aHeaderStandsBeforeEveryFragment() {
        #expect(end(of: 85, at: 0) == 93)
        #expect(end(of: 65528, at: 0) == 65536)
        #expect(end(of: 65529, at: 0) == 65536 + 9)
        #expect(end(of: 3 * 65528, at: 0) == 3 * 65536)
    }

    @Test func aBlockEndTooShortForAHeaderIsFilled() {
        #expect(end(of: 10, at: 65529) == 65536 + 18)
        #expect(end(of: 10, at: 65535) == 65536 + 18)
    }

    @Test func aBlockEndOfJustAHeaderGetsAnEmptyFirstPart() {
        #expect(end(of: 10, at: 65528) == 65536 + 18)
    }

    @Test func anEmptyItemIsAHeader() {
        #expect(end(of: 0, at: 272) == 280)
    }

    /// Bytes that a Pika 2.3.8 wrote for `SET a 1`.
    @Test func theBytesAreTheOriginals() {
        var item: Bytes = []
        let stamp = BinlogRecord.stamp(seconds: 0x6b03_1e09, end: BinlogEnd(file: 0, offset: 0))
        BinlogRecord(
            arguments: [Bytes("set"), Bytes("a"), Bytes("1")], serverID: Bytes("1"), stamp: stamp, isForHub: true
        ).append(to: &item)
        var out: Bytes = []
        #expect(BinlogFormat.append(item, at: 0, seconds: 0x6b03_1e09, to: &out) == 93)
        #expect(out.prefix(8) == [0x55, 0, 0, 0x09, 0x1e, 0x03, 0x6b, 1])
        let text = "*7\r\n$3\r\nset\r\n$1\r\na\r\n$1\r\n1\r\n$14\r\n__PIKA_X#$SKGI\r\n$1\r\n1\r\n$16\r\n"
        #expect(Array(out.dropFirst(8)) == Bytes(text) + stamp + Bytes("\r\n$1\r\n1\r\n"))
    }
}

@Suite struct BinlogReaderTests {
    private func steps(_ file: Bytes, count: Int) -> ([BinlogReader.Step], BinlogReader) {
        var reader = BinlogReader(file: 0)
        let steps = (0..<count).map { _ in
            reader.next { position, count in file.dropFirst(Int(position)).prefix(count) }
        }
        return (steps, reader)
    }

    @Test func itReadsWhatWasWrittenAcrossBlocks() {
        var file: Bytes = []
        var offset: UInt64 = 0
        var items: [Bytes] = []
        for size in [1, 65513, 65504, 200_000, 30, 65536 * 2, 1] {
            let item = Bytes(repeating: UInt8(size & 0xff), count: size)
            items.append(item)
            offset = BinlogFormat.append(item, at: offset, seconds: 1, to: &file)
        }
        let (steps, reader) = steps(file, count: items.count + 1)
        #expect(steps == items.map(BinlogReader.Step.item) + [.endOfFile])
        #expect(reader.offset == offset)
    }

    /// An empty item, as an MSET from a hub leaves it, passes for the end, and the offset stays 8 behind.
    @Test func anEmptyItemPassesForTheEnd() {
        var file: Bytes = []
        var end = BinlogFormat.append(Bytes("first"), at: 0, seconds: 1, to: &file)
        end = BinlogFormat.append([], at: end, seconds: 1, to: &file)
        end = BinlogFormat.append(Bytes("second"), at: end, seconds: 1, to: &file)
        let (steps, reader) = steps(file, count: 3)
        #expect(steps == [.item(Bytes("first")), .endOfFile, .item(Bytes("second"))])
        #expect(reader.offset == end - 8)
    }

    @Test func blanksAreGarbage() {
        let (steps, _) = steps(Bytes(repeating: 0x20, count: 65536), count: 1)
        #expect(steps == [.garbage(at: 0)])
    }
}
