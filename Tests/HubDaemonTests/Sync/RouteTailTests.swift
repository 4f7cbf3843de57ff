import HubStore
import HubSync
import Testing

@testable import HubDaemon

@Suite struct RouteTailTests {
    private let one = ServerID(1)
    private let two = ServerID(2)

    @Test func commandsOfTheRouteAreShown() {
        var tail = RouteTail(source: one, destination: two)
        let lines = tail.lines(for: chunk(["SET", "k", "a \"b\"\u{1}"], ["DEL", "k"]), unixMicroseconds: 0)
        #expect(
            lines == [
                #"1970-01-01T00:00:00.000000Z 1 -> 2 "SET" "k" "a \"b\"\x01""#,
                #"1970-01-01T00:00:00.000000Z 1 -> 2 "DEL" "k""#,
            ])
        #expect(tail.lines(for: chunk(source: 3, ["DEL", "k"]), unixMicroseconds: 0) == [])
    }

    @Test func longOnesAreCut() {
        var tail = RouteTail(source: one, destination: two)
        let long = String(repeating: "x", count: 1000)
        let many = ["RPUSH", "l"] + (1...98).map(String.init)
        let lines = tail.lines(for: chunk(["SET", "k", long], many), unixMicroseconds: 0)
        #expect(lines.first?.hasSuffix("\"\(long.prefix(64))\"…(1000 bytes)") == true)
        #expect(lines.last?.hasSuffix("\"14\" (100 arguments)") == true)
    }

    /// A flood costs no more than so many lines, and what was left out is told.
    @Test func aFloodIsCounted() {
        var tail = RouteTail(source: one, destination: two)
        let commands = (1...600).map { ["SET", "k\($0)", "v"] }
        var shown = 0
        for _ in 1...5 { shown += tail.lines(for: chunk(all: commands), unixMicroseconds: 5_000_000).count }
        #expect(shown == RouteTail.maximumLinesPerSecond)
        let next = tail.lines(for: chunk(["DEL", "k"]), unixMicroseconds: 6_000_000)
        #expect(next.count == 2 && next[0] == "2000 records were left out")
    }

    @Test func watchersAreBounded() async throws {
        let tails = RouteTails()
        var streams: [AsyncStream<String>] = []
        while let stream = tails.watch(source: one, destination: two) { streams.append(stream) }
        #expect(streams.count == RouteTails.maximumCount)
        tails.show(chunk(["DEL", "k"]), to: two)
        tails.show(chunk(["DEL", "l"]), to: ServerID(3))
        for stream in streams {
            for await line in stream {
                #expect(line.hasSuffix(#""DEL" "k""#))
                break
            }
        }
        streams = []
        #expect(tails.watch(source: one, destination: two) != nil, "those who left make room")
    }

    private func chunk(source: UInt32 = 1, _ commands: [String]...) -> RelayChunk {
        chunk(source: source, all: commands)
    }

    private func chunk(source: UInt32 = 1, all commands: [[String]]) -> RelayChunk {
        var bytes: [UInt8] = []
        for command in commands {
            bytes += Array("*\(command.count)\r\n".utf8)
            for word in command { bytes += Array("$\(word.utf8.count)\r\n\(word)\r\n".utf8) }
        }
        return RelayChunk(
            sequence: ChunkSequence(1), source: ServerID(source), audience: .others, progress: BinlogProgress(),
            recordCount: commands.count, execTime: 0, commands: bytes)
    }
}
