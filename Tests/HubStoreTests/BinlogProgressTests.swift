import HubStore
import Testing

@Suite struct BinlogProgressTests {
    @Test func aMarkCoversItsFileUpToTheRecord() {
        var progress = BinlogProgress()
        progress.cover(BinlogPosition(file: 0, offset: 100, index: 1))
        #expect(progress.covers(BinlogPosition(file: 0, offset: 100, index: 1)))
        #expect(!progress.covers(BinlogPosition(file: 0, offset: 100, index: 2)))
        #expect(!progress.covers(BinlogPosition(file: 1, offset: 0)))
    }

    @Test(arguments: [(UInt32(2), UInt64(50)), (3, 0), (3, 150), (4, 0), (4, 60), (5, 20), (6, 0)])
    func aCutLeavesWhatLiesBelowIt(_ cutFile: UInt32, _ cutOffset: UInt64) {
        var progress = BinlogProgress(
            firstOpenFile: 3, marks: [3: .init(offset: 200, index: 1), 5: .init(offset: 100, index: 0)],
            singles: [BinlogPosition(file: 4, offset: 90)])
        let before = progress
        let end = BinlogPosition(file: cutFile, offset: cutOffset)
        progress.cut(at: end)
        for file in UInt32(0)...6 {
            // Of the file below the first open one only one stamp can still arrive.
            if file + 1 == progress.firstOpenFile { continue }
            for offset in [UInt64(0), 49, 50, 90, 100, 149, 150, 200] {
                let position = BinlogPosition(file: file, offset: offset)
                #expect(progress.covers(position) == (before.covers(position) && position < end))
            }
        }
    }

    /// The first record of file 4 bears the end of file 3, whose own records may still be under way.
    @Test func theRollsStampDoesNotCoverTheFileBeforeIt() {
        var progress = BinlogProgress(firstOpenFile: 3)
        progress.cover(BinlogPosition(file: 3, offset: 9000))
        progress.coverSingle(BinlogPosition(file: 3, offset: 20002))
        #expect(!progress.covers(BinlogPosition(file: 3, offset: 12000)))
        #expect(progress.covers(BinlogPosition(file: 3, offset: 20002)))
    }

    /// File 3 is known to be finished, but nothing of file 4 has arrived: its first record, which bears a stamp of
    /// file 3, is still to come.
    @Test func finishingAFileDoesNotCoverTheNextFilesFirstRecord() {
        var progress = BinlogProgress(firstOpenFile: 3)
        progress.cover(BinlogPosition(file: 3, offset: 9000))
        progress.coverFiles(below: 4)
        #expect(!progress.covers(BinlogPosition(file: 3, offset: 20002)))
        progress.cover(BinlogPosition(file: 4, offset: 146))
        #expect(progress.covers(BinlogPosition(file: 3, offset: 20002)))
    }

    /// One side has the next file's first record under the roll's stamp, the other has only finished the file.
    @Test func theCommonPartOfAFinishedFileEndsWithWhatBothHave() {
        let left = BinlogProgress(firstOpenFile: 2, marks: [2: .init(offset: 20002, index: 0)])
        let right = BinlogProgress(firstOpenFile: 3, marks: [2: .init(offset: 9000, index: 0)])
        let common = left.intersection(right)
        #expect(common.covers(BinlogPosition(file: 2, offset: 9000)))
        #expect(!common.covers(BinlogPosition(file: 2, offset: 20002)))
    }

    @Test func theOrderOfCoveringDoesNotShow() {
        let marks = [BinlogPosition(file: 2, offset: 9), BinlogPosition(file: 3, offset: 5)]
        let progress = [marks, marks.reversed()].map { marks in
            var progress = BinlogProgress(firstOpenFile: 3)
            for mark in marks { progress.cover(mark) }
            return progress
        }
        #expect(progress[0] == progress[1])
    }

    @Test func unionAndIntersectionAgreeWithCoverage() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let left = BinlogProgress.random(using: &generator)
            let right = BinlogProgress.random(using: &generator)
            var union = left
            union.formUnion(right)
            let common = left.intersection(right)
            for file in UInt32(0)..<6 {
                for offset in UInt64(0)..<6 {
                    let position = BinlogPosition(file: file, offset: offset)
                    let inLeft = left.covers(position)
                    let inRight = right.covers(position)
                    if inLeft || inRight { #expect(union.covers(position), "\(left) | \(right) at \(position)") }
                    if common.covers(position) { #expect(inLeft && inRight, "\(left) & \(right) at \(position)") }
                }
            }
            #expect(union.isSuperset(of: left) && union.isSuperset(of: right))
            #expect(left.isSuperset(of: common) && right.isSuperset(of: common))
        }
    }
}

extension BinlogProgress {
    static func random(using generator: inout some RandomNumberGenerator) -> BinlogProgress {
        var progress = BinlogProgress()
        for _ in 0..<Int.random(in: 0..<8, using: &generator) {
            let position = BinlogPosition(
                file: .random(in: 0..<6, using: &generator), offset: .random(in: 0..<6, using: &generator))
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: progress.cover(position)
            case 1: progress.coverSingle(position)
            default: progress.coverFiles(below: position.file)
            }
        }
        return progress
    }
}
