import HubStore
import Testing

@testable import HubSync

/// Where a record stands, told from stamps alone (`protocol/pika-2.3-hub.md`, section 2).
@Suite struct BinlogStreamTests {
    /// Passes records of 100 bytes, and returns what was said of the last one.
    @discardableResult
    private func pass(_ stream: inout BinlogStream, _ stamps: (UInt32, UInt64)...) throws -> BinlogStream.Located {
        var located: BinlogStream.Located?
        for (file, offset) in stamps {
            let next = try #require(stream.locate(file: file, offset: offset))
            stream.pass(next, length: 100)
            located = next
        }
        return try #require(located)
    }

    @Test func theFirstRecordMayBeTheFirstOfTheNextFile() throws {
        var stream = BinlogStream()
        #expect(try pass(&stream, (3, 20002)) == .init(position: position(3, 20002), isInFile: false))
        #expect(stream.place == .boundary(3))
    }

    @Test func theSecondRecordOfAFileProvesWhereItStands() throws {
        var stream = BinlogStream()
        #expect(try pass(&stream, (3, 0), (3, 108)) == .init(position: position(3, 108), isInFile: true))
        #expect(stream.place == .file(3))
    }

    /// `(3, 20002)` then `(4, 146)`: the first record of file 4 stays a single one, for ever.
    @Test func theRollsStampIsNotOfTheFileThatItNames() throws {
        var stream = BinlogStream()
        let located = try pass(&stream, (3, 20002), (4, 146))
        #expect(located == .init(position: position(4, 146), isInFile: false, finished: nil))
        #expect(try pass(&stream, (4, 300)).isInFile)
    }

    @Test func aJumpProvesTheFileBeforeItFinished() throws {
        var stream = BinlogStream()
        let located = try pass(&stream, (4, 0), (4, 146), (13, 20139))
        #expect(located == .init(position: position(13, 20139), isInFile: false, finished: 4))
        #expect(try pass(&stream, (14, 120)) == .init(position: position(14, 120), isInFile: false))
    }

    @Test func partsOfAnMSETShareTheirStamp() throws {
        var stream = BinlogStream()
        #expect(try pass(&stream, (3, 0), (3, 0)) == .init(position: position(3, 0, 1), isInFile: false))
        #expect(try pass(&stream, (3, 208), (3, 208), (3, 208)) == .init(position: position(3, 208, 2), isInFile: true))
    }

    @Test func aStampThatGoesBackwardsIsNamedByNobody() throws {
        var stream = BinlogStream()
        try pass(&stream, (3, 0), (3, 108))
        #expect(stream.locate(file: 3, offset: 107) == nil)
        #expect(stream.locate(file: 2, offset: 9000) == nil)
    }

    @Test func theEndFollowsFromTheLastRecord() throws {
        var stream = BinlogStream()
        try pass(&stream, (3, 0), (3, 500))
        #expect(stream.end == 608)
    }

    @Test func whatWaitsIsDecidedByTheRecordAfterIt() {
        var stream = BinlogStream()
        stream.wait(file: 3, offset: 50)
        #expect(stream.locate(file: 3, offset: 50)?.isInFile == false)
        stream.decide()
        #expect(stream.locate(file: 3, offset: 50)?.isInFile == true)
        #expect(stream.locate(file: 3, offset: 51)?.isInFile == false)
    }

    /// The first report may have been under way when the record was written.
    @Test func whatWaitsIsDecidedByTwoReports() {
        var stream = BinlogStream()
        stream.observe(producerFile: 3)
        stream.wait(file: 3, offset: 50)
        stream.observe(producerFile: 3)
        stream.wait(file: 3, offset: 50)
        #expect(stream.waiting?.isDecided == false)
        stream.observe(producerFile: 3)
        #expect(stream.waiting?.isDecided == true)
    }

    @Test func aReportOfANewerFileDecidesNothing() {
        var stream = BinlogStream()
        stream.wait(file: 3, offset: 50)
        for _ in 0..<3 { stream.observe(producerFile: 4) }
        #expect(stream.waiting?.isDecided == false)
    }

    @Test func anotherRecordWaitsAnew() throws {
        var stream = BinlogStream()
        stream.wait(file: 3, offset: 50)
        stream.decide()
        stream.wait(file: 4, offset: 50)
        #expect(stream.waiting == .init(file: 4, offset: 50))
        try pass(&stream, (4, 50))
        #expect(stream.waiting == nil)
    }
}
