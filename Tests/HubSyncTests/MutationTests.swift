import HubStore
import Testing

@testable import HubSync

/// Damaged bytes: whatever comes, every reader ends, stays inside its buffer and does not trap.
@Suite struct MutationTests {
    @Test func damagedRecordsNeverCrashTheParser() {
        let seeds = [
            record("SET key value", file: 3, offset: 20002), record("set key value ex 10"), record("DEL a b c d"),
            record("PING"), record("SET k v") + record("INCR n", offset: 114),
        ]
        var random = SeededGenerator(seed: 2)
        for round in 0..<40_000 {
            let bytes = mutate(seeds[round % seeds.count], using: &random)
            let outcome = Result { () throws(RecordError) in try BinlogRecord.parse(bytes) }
            guard case .success(let parsed?) = outcome else { continue }
            #expect(parsed.length > 0 && parsed.length <= bytes.count, "round \(round)")
            for range in [parsed.name, parsed.key, parsed.arguments] {
                #expect(range.lowerBound >= 0 && range.upperBound <= parsed.length, "round \(round)")
            }
            // What was accepted can be worked with.
            bytes.withUnsafeBytes { buffer in
                let places = parsed.argumentRanges(in: buffer)
                #expect(places.count == parsed.argumentCount, "round \(round)")
                _ = CommandRule.of(buffer[parsed.name])?.mustArriveInOrder(parsed, buffer)
                for name in ["set", "setex", "getset"] {
                    _ = CommandTranslation.valueWrite(name: name, arguments: places, of: buffer, execTime: .max)
                }
                for name in ["expire", "pexpire", "expireat", "pexpireat"] {
                    _ = CommandTranslation.expiry(name: name, arguments: places, of: buffer, execTime: .max)
                }
            }
        }
    }

    @Test func damagedAnswersNeverCrashTheParser() {
        let seeds = [
            "+PONG\r\n", "-ERR InvalidOffset\r\n", ":-12\r\n", "$5\r\nhello\r\n", "*2\r\n$1\r\na\r\n*1\r\n:1\r\n",
        ]
        var random = SeededGenerator(seed: 3)
        for round in 0..<40_000 {
            let bytes = mutate(Array(seeds[round % seeds.count].utf8), using: &random)
            let outcome = Result { () throws(RecordError) in try Reply.parse(bytes[...]) }
            guard case .success(let parsed?) = outcome else { continue }
            #expect(parsed.end > 0 && parsed.end <= bytes.count, "round \(round): \(bytes)")
        }
    }

    @Test func damagedChunksAreReadOrRefused() {
        let progress = BinlogProgress(
            firstOpenFile: 3, marks: [3: .init(offset: 9, index: 1)], singles: [position(4, 20002)])
        let seed = chunk(1, audience: .except([ServerID(2), ServerID(3)]), progress: progress)
        var random = SeededGenerator(seed: 4)
        for _ in 0..<20_000 {
            let bytes = mutate(seed.header + seed.commands, using: &random)
            guard let parsed = RelayChunk(sequence: ChunkSequence(1), stored: bytes) else { continue }
            #expect(parsed.commands.count <= bytes.count)
        }
    }

    @Test func damagedReportsAreReadAsFarAsTheyGo() {
        let seed = """
            pika_version:2.3.8\r\nserver_id:1\r\nsafety_purge:write2file12\r\nbinlog_offset:12 345\r\n
            Connected hub: 127.0.0.1:7868\r\nSending window: 3 - 12\r\n    --- Thread 77: 12 ENDOFFILE\r\n
            Hub stage: STARTED\r\n
            """
        var random = SeededGenerator(seed: 5)
        var report = PikaReport()
        for _ in 0..<10_000 {
            report.read(mutate(Array(seed.utf8), using: &random).text)
            if let window = report.senderStatus?.window { #expect(window.lowerBound <= window.upperBound) }
        }
    }

    /// One to four damages: a byte changed, taken out, put in; a digit changed; a stretch repeated; the end cut off.
    private func mutate(_ seed: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = .random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(Array("$*-:\r\n09".utf8).randomElement(using: &random) ?? 0, at: place)
            case 3:
                let digits = bytes.indices.filter { bytes[$0] &- 48 < 10 }
                if let digit = digits.randomElement(using: &random) {
                    bytes[digit] = 48 + .random(in: 0..<10, using: &random)
                }
            case 4:
                let end = Int.random(in: place...bytes.count, using: &random)
                bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
            default: bytes.removeLast(bytes.count - place)
            }
        }
        return bytes
    }
}
