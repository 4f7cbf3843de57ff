import HubStore

@testable import HubSync

/// A binlog and the senders that read it, as `protocol/pika-2.3-hub.md` describes them, drawn at random: files side by
/// side, odd stamps at rolls, records that are left out, several records under one stamp.
struct BinlogModel {
    struct Record: Equatable {
        var number: Int
        /// Where it stands; its stamp may name the file before.
        var home: UInt32
        var file: UInt32
        var offset: UInt64
        var length: Int
        var isOperation: Bool
    }

    /// What a sender thread does with its connection.
    struct Sender {
        var file: UInt32?
        var queue: [Record] = []
        /// The hub does not read on; all of the file is in the buffers between.
        var isHeld = false
        /// As the sender sees it: nothing of its file is left to be written.
        var isDone: Bool { queue.isEmpty || isHeld }
    }

    private(set) var files: [[Record]] = []
    private(set) var count = 0
    private(set) var end: UInt64 = 0
    private(set) var senders: [Sender] = []
    private(set) var left: UInt32 = 0
    private(set) var right = -1

    /// A file is left when it is larger than `fileBytes` and another record is to be written, as in a Pika.
    init(itemCount: Int, fileBytes: UInt64, lengths: ClosedRange<Int>, using random: inout SeededGenerator) {
        files = [[]]
        for _ in 0..<itemCount {
            let stamp = (file: producerFile, offset: end)
            if end > fileBytes {
                files.append([])
                end = 0
            }
            let length = Int.random(in: lengths, using: &random)
            let isForHub = Int.random(in: 0..<3, using: &random) > 0
            let parts = isForHub && Int.random(in: 0..<8, using: &random) == 0 ? 3 : 1
            for _ in 0..<parts where isForHub {
                files[files.count - 1].append(
                    Record(
                        number: count, home: producerFile, file: stamp.file, offset: stamp.offset, length: length,
                        isOperation: parts == 1 && Int.random(in: 0..<3, using: &random) == 0))
                count += 1
            }
            // The parts of an MSET, all of them whole values, are one item.
            end = BinlogLayout.end(start: end, length: length * parts)
        }
    }

    var producerFile: UInt32 { UInt32(files.count - 1) }

    /// A sync from the start of `file`.
    mutating func start(at file: UInt32, using random: inout SeededGenerator) {
        senders = Array(repeating: Sender(), count: Int.random(in: 1...4, using: &random))
        left = file
        right = Int(file) - 1
    }

    /// A thread asks for its next file: a new one at once, the one with the oldest file when it has sent that whole.
    mutating func assign(_ sender: Int) {
        guard right < Int(producerFile), senders[sender].isDone else { return }
        if let file = senders[sender].file {
            guard file == left else { return }
            left += 1
        }
        right += 1
        senders[sender].file = UInt32(right)
        senders[sender].queue += files[right]
    }

    mutating func hold(_ sender: Int) { senders[sender].isHeld = true }

    mutating func deliver(_ sender: Int) {
        senders[sender].queue.removeFirst()
        senders[sender].isHeld = false
    }

    /// What is buffered when a held connection is read again is read at once, before the server is asked.
    var canReport: Bool {
        senders.allSatisfy { sender in sender.isHeld || sender.queue.allSatisfy { $0.home == sender.file } }
    }

    /// What INFO says. What is under way arrives before the next report, or is held.
    var status: BinlogSenderStatus {
        BinlogSenderStatus(
            producerFile: producerFile, producerOffset: end,
            window: Int(left) <= right ? left...UInt32(right) : nil,
            senders: senders.compactMap { sender in
                sender.file.map { .init(file: $0, isAtEnd: sender.isDone) }
            })
    }
}
