import HubStore
import Testing

@testable import HubSync

/// Random binlogs, connections, breaks: each record is handed on exactly once, and no operation before what stands in
/// front of it.
@Suite struct SourceReaderModelTests {
    @Test(arguments: UInt64(1)...300)
    func everyRecordIsHandedOnExactlyOnce(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let equal = Int.random(in: 60...400, using: &random)
        var model = BinlogModel(
            itemCount: .random(in: 1...30, using: &random), fileBytes: [20, 500, 2000][Int(seed % 3)],
            lengths: seed.isMultiple(of: 2) ? equal...equal : 60...400, using: &random)
        var reader = SourceReader()
        var seen: [Int: Int] = [:]
        var steps = 0
        model.start(at: 0, using: &random)
        begin(&reader, at: 0, model.senders.count)
        while seen.count < model.count {
            steps += 1
            try #require(
                steps < 20_000,
                "seed \(seed): \(seen.count) of \(model.count), open \(reader.firstOpenFile) \(model.senders)")
            if steps < 2000, Int.random(in: 0..<40, using: &random) == 0 {
                let file = reader.firstOpenFile
                model.start(at: file, using: &random)
                begin(&reader, at: file, model.senders.count)
            }
            if Int.random(in: 0..<10, using: &random) == 0, model.canReport {
                reader.observe(model.status, isReading: true, now: Double(steps))
            }
            let sender = Int.random(in: model.senders.indices, using: &random)
            model.assign(sender)
            guard let record = model.senders[sender].queue.first else { continue }
            let connection = LinkConnectionID(UInt64(sender))
            var stream = try #require(reader.stream(connection))
            let (verdict, located) = reader.judge(
                BinlogRecord(at: record.file, record.offset), in: &stream, ordered: record.isOperation)
            switch verdict {
            case .hold(let undecided):
                stream.wait(file: record.file, offset: record.offset)
                let next = model.senders[sender].queue.dropFirst().first
                if undecided, let next, next.file == record.file { stream.decide() }
                reader.settle(stream, of: connection)
                model.hold(sender)
                continue
            case .duplicate:
                #expect(seen[record.number] != nil, "seed \(seed): \(record) was never handed on")
            case .everyone:
                seen[record.number, default: 0] += 1
                if record.isOperation {
                    let earlier = model.files[..<Int(record.home)].joined()
                    #expect(earlier.allSatisfy { seen[$0.number] != nil }, "seed \(seed): \(record) came too early")
                }
            case .except, .backwards:
                Issue.record("seed \(seed): \(record) is \(verdict)")
            }
            reader.pass(try #require(located), length: record.length, in: &stream)
            reader.settle(stream, of: connection)
            model.deliver(sender)
        }
        #expect(seen.values.allSatisfy { $0 == 1 }, "seed \(seed)")
    }

    private func begin(_ reader: inout SourceReader, at file: UInt32, _ count: Int) {
        reader.beginEpoch(at: file)
        for connection in 0..<count { reader.opened(LinkConnectionID(UInt64(connection))) }
    }
}
