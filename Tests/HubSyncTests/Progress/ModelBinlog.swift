import HubStore

@testable import HubSync

/// A Pika's binlog, its ten senders and their connections, as far as a `SourceReader` sees them: files roll, some records
/// are not for the hub, connections die without anybody noticing (`protocol/pika-2.3-hub.md`, section 2).
struct ModelBinlog {
    struct Item {
        var id: Int
        var file: UInt32
        var offset: UInt64
        var length: Int
        var isForHub: Bool
        var isOrdered: Bool

        var record: BinlogRecord {
            var record = BinlogRecord(at: file, offset)
            record.length = length
            return record
        }
    }

    /// A sender thread and what it has sent that has not arrived.
    struct Sender {
        var file: UInt32?
        var next = 0
        var connection: LinkConnectionID?
        var wire: [Item] = []
        var isDead = false
    }

    private(set) var files: [[Item]] = [[]]
    private(set) var items: [Item] = []
    var senders: [Sender] = []
    private var end: UInt64 = 0
    private let fileBytes: UInt64
    private var left: UInt32 = 0
    private var right: Int64 = -1
    private var nextConnection: UInt64 = 1

    init(fileBytes: UInt64) { self.fileBytes = fileBytes }

    var newest: UInt32 { UInt32(files.count - 1) }

    /// - Parameter parts: of an MSET, which share their stamp.
    mutating func write(length: Int, isForHub: Bool, isOrdered: Bool, parts: Int = 1) {
        let stamp = (file: newest, offset: end)
        if end > fileBytes {
            files.append([])
            end = 0
        }
        for _ in 0..<parts {
            let item = Item(
                id: items.count, file: stamp.file, offset: stamp.offset, length: length, isForHub: isForHub,
                isOrdered: isOrdered)
            files[files.count - 1].append(item)
            items.append(item)
        }
        end = BinlogLayout.end(start: end, length: length * parts)
    }

    /// INTERNALTRYSYNC took effect: everything is sent again from the start of `file`.
    mutating func begin(at file: UInt32) {
        senders = Array(repeating: Sender(), count: 10)
        (left, right) = (file, Int64(file) - 1)
    }

    /// A sender goes on: sends up to `count` items, or takes another file when its own is at its end.
    mutating func step(_ index: Int, count: Int) {
        guard let file = senders[index].file, !isAtEnd(index) || file == newest else { return takeFile(index) }
        for item in files[Int(file)].dropFirst(senders[index].next).prefix(count) {
            senders[index].next += 1
            guard item.isForHub, !senders[index].isDead else { continue }
            if senders[index].connection == nil {
                senders[index].connection = LinkConnectionID(nextConnection)
                nextConnection += 1
            }
            senders[index].wire.append(item)
        }
    }

    private mutating func takeFile(_ index: Int) {
        guard Int64(newest) > right else { return }
        if let file = senders[index].file {
            guard file == left else { return }
            left += 1
        }
        right += 1
        (senders[index].file, senders[index].next) = (UInt32(right), 0)
    }

    func isAtEnd(_ index: Int) -> Bool {
        senders[index].file.map { senders[index].next == files[Int($0)].count } ?? false
    }

    /// What arrived on the way is lost, as is all that follows.
    mutating func die(_ index: Int) { (senders[index].isDead, senders[index].wire) = (true, []) }

    var status: BinlogSenderStatus {
        BinlogSenderStatus(
            producerFile: newest, producerOffset: end,
            window: right < Int64(left) ? nil : left...UInt32(right),
            senders: senders.indices.compactMap { index in
                senders[index].file.map {
                    .init(file: $0, isAtEnd: isAtEnd(index) && $0 < newest, isWaiting: isAtEnd(index) && $0 == newest)
                }
            })
    }
}
