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

    public var description: String { index == 0 ? "\(file):\(offset)" : "\(file):\(offset)+\(index)" }
}

/// How far a binlog has been read (or delivered, or acknowledged): whole files, and a mark in each file that is
/// still being read. A backlog is sent as up to ten files side by side, so one position cannot say it.
///
/// A record is covered when its file is below `firstOpenFile`, or when its file has a mark at or beyond it.
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

    /// Every record of every file below this one is covered. Reading resumes at the start of this file.
    public private(set) var firstOpenFile: UInt32
    /// The files from `firstOpenFile` on of which something is covered.
    public private(set) var marks: [UInt32: Mark]

    public init(firstOpenFile: UInt32 = 0, marks: [UInt32: Mark] = [:]) {
        self.firstOpenFile = firstOpenFile
        self.marks = marks.filter { $0.key >= firstOpenFile }
    }

    /// True when the record at `position` lies within this progress.
    public func covers(_ position: BinlogPosition) -> Bool {
        if position.file < firstOpenFile { return true }
        guard let mark = marks[position.file] else { return false }
        return Mark(offset: position.offset, index: position.index) <= mark
    }

    /// Covers everything of `position.file` up to and including `position`. Never goes backwards.
    public mutating func cover(_ position: BinlogPosition) {
        guard position.file >= firstOpenFile else { return }
        let mark = Mark(offset: position.offset, index: position.index)
        if let known = marks[position.file], known >= mark { return }
        marks[position.file] = mark
    }

    /// Covers every file below `file` whole. Never goes backwards.
    public mutating func coverFiles(below file: UInt32) {
        guard file > firstOpenFile else { return }
        firstOpenFile = file
        marks = marks.filter { $0.key >= file }
    }

    /// Covers what either covers: the larger of both, which is how progress only ever moves forward.
    public mutating func formUnion(_ other: BinlogProgress) {
        coverFiles(below: other.firstOpenFile)
        for (file, mark) in other.marks {
            cover(BinlogPosition(file: file, offset: mark.offset, index: mark.index))
        }
    }

    /// Covers only what both cover: where a source must be read from so that neither misses a record.
    public func intersection(_ other: BinlogProgress) -> BinlogProgress {
        let first = min(firstOpenFile, other.firstOpenFile)
        var common: [UInt32: Mark] = [:]
        for file in Set(marks.keys).union(other.marks.keys) where file >= first {
            switch (mark(file), other.mark(file)) {
            case (.whole, .upTo(let mark)), (.upTo(let mark), .whole): common[file] = mark
            case (.upTo(let left), .upTo(let right)): common[file] = min(left, right)
            default: continue
            }
        }
        return BinlogProgress(firstOpenFile: first, marks: common)
    }

    /// The newest covered record's place, for INFO: `file:offset`.
    public var newest: BinlogPosition {
        guard let file = marks.keys.max(), let mark = marks[file] else {
            return BinlogPosition(file: firstOpenFile, offset: 0)
        }
        return BinlogPosition(file: file, offset: mark.offset, index: mark.index)
    }

    private enum Covered {
        case nothing
        case upTo(Mark)
        case whole
    }

    private func mark(_ file: UInt32) -> Covered {
        if file < firstOpenFile { return .whole }
        return marks[file].map(Covered.upTo) ?? .nothing
    }
}
