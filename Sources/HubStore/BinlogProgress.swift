/// Where a record of a Pika binlog stands: the stamp that it carries, plus its place among records that share one
/// (the parts of an MSET). Totally ordered per source (`protocol/pika-2.3-hub.md`, section 2).
public struct BinlogPosition: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    public var file: UInt32
    /// Bytes from the start of the file.
    public var offset: UInt64
    /// 0 for the first record with this stamp, 1 for the second …
    public var index: UInt32

    public init(file: UInt32, offset: UInt64, index: UInt32 = 0) {
        self.file = file
        self.offset = offset
        self.index = index
    }

    public static func < (left: BinlogPosition, right: BinlogPosition) -> Bool {
        (left.file, left.offset, left.index) < (right.file, right.offset, right.index)
    }

    /// `0:404`, or `0:404+1` for a later part of an MSET; `<0:100` for whatever begins before 0:100
    /// (`HubState.setAcknowledged`).
    public var description: String {
        switch index {
        case 0: "\(file):\(offset)"
        case .max: "<\(file):\(offset &+ 1)"
        default: "\(file):\(offset)+\(index)"
        }
    }
}

/// How far a binlog has been read (or delivered, or acknowledged). A backlog is sent as up to ten files side by side,
/// so one position cannot say it: there are files of which everything is covered, a mark in each file that is still
/// being read, and a few single records.
///
/// Single records are needed because the first record of a file bears the stamp of the end of the file before it
/// (`protocol/pika-2.3-hub.md`, section 2). Taken for a mark in that earlier file, it would cover records that are
/// still to come on another connection.
public struct BinlogProgress: Hashable, Sendable, Codable {
    /// The last covered record of one file.
    public struct Mark: Hashable, Sendable, Codable, Comparable {
        public var offset: UInt64
        public var index: UInt32

        public init(offset: UInt64, index: UInt32) {
            self.offset = offset
            self.index = index
        }

        public static func < (left: Mark, right: Mark) -> Bool {
            (left.offset, left.index) < (right.offset, right.index)
        }
    }

    /// Every record that stands in a file below this one is covered. Reading resumes at the start of this file.
    public private(set) var firstOpenFile: UInt32
    /// The last covered record of each file from `firstOpenFile` on, and of the one before it while `firstOpenFile` has
    /// none. At most about a dozen.
    public private(set) var marks: [UInt32: Mark]
    /// Covered records outside of any mark: first records of files, under the stamp that they bear.
    public private(set) var singles: Set<BinlogPosition>

    public init(firstOpenFile: UInt32 = 0, marks: [UInt32: Mark] = [:], singles: Set<BinlogPosition> = []) {
        self.firstOpenFile = firstOpenFile
        self.marks = marks.filter { $0.key &+ 1 >= firstOpenFile }
        self.singles = singles.filter { $0.file &+ 1 >= firstOpenFile }
        dropCoveredMark()
    }

    /// True when the record that bears this stamp lies within this progress.
    ///
    /// Of the file just below `firstOpenFile` only one stamp can still arrive: that of the first record of
    /// `firstOpenFile`, which is covered when anything after it is.
    public func covers(_ position: BinlogPosition) -> Bool {
        if coversWhole(position.file) { return true }
        if let mark = marks[position.file], Mark(offset: position.offset, index: position.index) <= mark { return true }
        return singles.contains(position)
    }

    private func coversWhole(_ file: UInt32) -> Bool {
        let next = file &+ 1
        return next < firstOpenFile || next == firstOpenFile && marks[firstOpenFile] != nil
    }

    /// Covers everything of `position.file` up to and including `position`. Never goes backwards.
    public mutating func cover(_ position: BinlogPosition) {
        guard !coversWhole(position.file) else { return }
        let mark = Mark(offset: position.offset, index: position.index)
        if let known = marks[position.file], known >= mark { return }
        marks[position.file] = mark
        dropCoveredMark()
        if !singles.isEmpty { dropCoveredSingles() }
    }

    /// Covers this one record and nothing before it.
    public mutating func coverSingle(_ position: BinlogPosition) {
        if !covers(position) { singles.insert(position) }
    }

    /// Covers every file below `file` whole. Never goes backwards.
    public mutating func coverFiles(below file: UInt32) {
        guard file > firstOpenFile else { return }
        firstOpenFile = file
        marks = marks.filter { $0.key &+ 1 >= file }
        dropCoveredMark()
        dropCoveredSingles()
    }

    /// Covers nothing any more that begins at or behind this place: the binlog ended there, and what comes next is other
    /// than what was read.
    public mutating func cut(at end: BinlogPosition) {
        let last = end.offset > 0 ? Mark(offset: end.offset - 1, index: .max) : nil
        let isWhole = end.file < firstOpenFile
        let mark = isWhole ? last : marks[end.file].flatMap { mark in last.map { min(mark, $0) } }
        firstOpenFile = min(firstOpenFile, end.file)
        marks = marks.filter { $0.key < end.file }
        marks[end.file] = mark
        singles = singles.filter { $0 < end }
        dropCoveredMark()
        dropCoveredSingles()
    }

    /// Covers what either covers, which is how progress only ever moves forward.
    public mutating func formUnion(_ other: BinlogProgress) {
        if other == self { return }
        coverFiles(below: other.firstOpenFile)
        for (file, mark) in other.marks {
            cover(BinlogPosition(file: file, offset: mark.offset, index: mark.index))
        }
        for single in other.singles { coverSingle(single) }
    }

    /// Covers only what both cover: where a source must be read from so that neither misses a record.
    public func intersection(_ other: BinlogProgress) -> BinlogProgress {
        if other == self { return self }
        let first = min(firstOpenFile, other.firstOpenFile)
        var common: [UInt32: Mark] = [:]
        for file in Set(marks.keys).union(other.marks.keys) {
            switch (coverage(of: file), other.coverage(of: file)) {
            case (.whole, .upTo(let mark)), (.upTo(let mark), .whole): common[file] = mark
            case (.upTo(let left), .upTo(let right)): common[file] = min(left, right)
            default: continue
            }
        }
        let both = singles.union(other.singles).filter { covers($0) && other.covers($0) }
        var result = BinlogProgress(firstOpenFile: first, marks: common, singles: both)
        result.dropCoveredSingles()
        return result
    }

    /// True when everything that `other` covers is covered here too.
    public func isSuperset(of other: BinlogProgress) -> Bool {
        var union = self
        union.formUnion(other)
        return union == self
    }

    /// The newest covered record's place, for INFO.
    public var newest: BinlogPosition {
        let marked = marks.max { $0.key < $1.key }.map {
            BinlogPosition(file: $0.key, offset: $0.value.offset, index: $0.value.index)
        }
        return max(
            marked ?? BinlogPosition(file: firstOpenFile, offset: 0),
            singles.max() ?? BinlogPosition(file: 0, offset: 0))
    }

    private enum Coverage {
        case nothing
        case upTo(Mark)
        case whole
    }

    private func coverage(of file: UInt32) -> Coverage {
        if coversWhole(file) { return .whole }
        return marks[file].map(Coverage.upTo) ?? .nothing
    }

    /// So that equal coverage is written in one way only, whatever the order in which it came about.
    private mutating func dropCoveredMark() {
        if marks[firstOpenFile] != nil { marks[firstOpenFile &- 1] = nil }
    }

    private mutating func dropCoveredSingles() {
        let candidates = singles
        singles = []
        for single in candidates where !covers(single) { singles.insert(single) }
    }
}
