import HubStore
import Testing

@testable import HubSync

/// A reader and a `ModelBinlog` through many epochs: every record is delivered, and none twice, whatever dies unnoticed.
@Suite struct SourceReaderModelTests {
    /// How long the death of a connection may go unnoticed, in seconds.
    private static let unnoticedSeconds = 20.0

    private struct Run {
        var random: SeededGenerator
        var pika: ModelBinlog
        var reader = SourceReader()
        var delivered: Set<Int> = []
        var newestOrdered = -1
        var open: Set<LinkConnectionID> = []
        var now = 0.0
        /// When the hub learns of the death of a connection.
        var noticed: Double?
        var hasLost = false

        init(seed: UInt64) {
            random = SeededGenerator(seed: seed)
            pika = ModelBinlog(fileBytes: UInt64.random(in: 100...2000, using: &random))
            begin()
        }

        mutating func begin() {
            reader.beginEpoch(at: reader.progress.firstOpenFile)
            pika.begin(at: reader.progress.firstOpenFile)
            (open, noticed) = ([], nil)
        }

        mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }

        mutating func write() {
            let (isForHub, isMSET) = (chance(0.6), chance(0.1))
            pika.write(
                length: .random(in: 50...300, using: &random), isForHub: isForHub, isOrdered: !isMSET && chance(0.5),
                parts: isMSET ? 3 : 1)
        }

        mutating func send() {
            let index = Int.random(in: 0..<10, using: &random)
            pika.step(index, count: .random(in: 1...5, using: &random))
        }

        /// One read on one connection, as `SyncEngine` works through it.
        /// - Returns: whether a record was taken.
        @discardableResult
        mutating func receive(_ index: Int) -> Bool {
            guard let connection = pika.senders[index].connection, !pika.senders[index].wire.isEmpty else {
                return false
            }
            if open.insert(connection).inserted { reader.opened(connection) }
            guard var stream = reader.stream(connection) else { return false }
            let before = pika.senders[index].wire.count
            var count = Int.random(in: 1...8, using: &random)
            while count > 0, let item = pika.senders[index].wire.first {
                count -= 1
                let (verdict, located) = reader.judge(item.record, in: &stream, ordered: item.isOrdered)
                if case .hold(let isUndecided) = verdict {
                    stream.wait(file: item.file, offset: item.offset)
                    let behind = pika.senders[index].wire.dropFirst().first
                    if isUndecided, behind?.file == item.file { stream.decide() }
                    break
                }
                guard let located else {
                    Issue.record("\(item) goes backwards")
                    break
                }
                pika.senders[index].wire.removeFirst()
                take(item, verdict)
                reader.pass(located, length: item.length, in: &stream)
            }
            reader.settle(stream, of: connection)
            return pika.senders[index].wire.count < before
        }

        mutating func take(_ item: ModelBinlog.Item, _ verdict: SourceReader.Verdict) {
            guard verdict == .everyone else {
                #expect(verdict == .duplicate && delivered.contains(item.id), "\(item) is lost: \(verdict)")
                return
            }
            #expect(delivered.insert(item.id).inserted, "\(item) is delivered again")
            guard item.isOrdered else { return }
            // What a connection has lost comes late.
            #expect(item.id > newestOrdered || hasLost, "\(item) comes after \(newestOrdered)")
            newestOrdered = max(newestOrdered, item.id)
        }

        mutating func second() {
            now += 1
            if let noticed, now >= noticed { begin() }
            // Nothing is under way for longer.
            for index in 0..<10 { while receive(index) {} }
            reader.observe(pika.status, isReading: true, now: now)
        }

        /// Nothing dies any more, and all is sent.
        mutating func end() {
            begin()
            for _ in 0..<600 where !isComplete {
                for _ in 0..<3 {
                    for index in 0..<10 {
                        pika.step(index, count: 100)
                        receive(index)
                    }
                }
                second()
            }
            #expect(isComplete, "\(delivered.count) records, \(reader.progress)")
        }

        var isComplete: Bool {
            delivered.count == pika.items.count(where: \.isForHub) && reader.progress.firstOpenFile == pika.newest
        }
    }

    @Test(arguments: UInt64(1)...120)
    func everythingOnce(seed: UInt64) {
        var run = Run(seed: seed)
        let (deaths, breaks) = (seed % 3 == 0 ? 0 : 0.005, seed % 2 == 0 ? 0.003 : 0)
        for _ in 0..<1500 {
            switch Int.random(in: 0..<20, using: &run.random) {
            case ..<3: run.write()
            case ..<9: run.send()
            case ..<17: run.receive(.random(in: 0..<10, using: &run.random))
            case ..<18 where run.chance(0.3): run.second()
            default: break
            }
            if run.chance(deaths) {
                run.pika.die(.random(in: 0..<10, using: &run.random))
                run.noticed = run.noticed ?? run.now + .random(in: 0...Self.unnoticedSeconds, using: &run.random)
                run.hasLost = true
            }
            if run.chance(breaks) { run.begin() }
        }
        run.end()
    }
}
