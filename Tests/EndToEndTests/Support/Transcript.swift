import Foundation
import TestSupport
import Testing

/// A block of the README that begins with ```` ```transcript ````: commands with what they print, and what happens in
/// between. The test replays it.
///
/// | line | is |
/// |---|---|
/// | `$ redis-cli …`, `$ pika_hub_inspect …` | a command |
/// | `(the hub is killed)` | something that happens; the test does it |
/// | any other | what the command before prints; `…` stands for anything, alone in a line for any lines |
struct Transcript {
    enum Step {
        case command(words: [String], output: String)
        case event(String)
    }

    /// The heading that it stands under.
    let title: String
    let steps: [Step]

    /// Every transcript of the README, with the ports and paths of its example replaced.
    static func all(ports: [String: Int] = [:], paths: [String: String] = [:]) throws -> [Transcript] {
        var text = try String(contentsOf: readme, encoding: .utf8)
        for (port, real) in ports {
            for before in ["-p ", "127.0.0.1 ", "127.0.0.1:"] {
                text = text.replacing("\(before)\(port)", with: "\(before)\(real)")
            }
        }
        for (path, real) in paths { text = text.replacing(" \(path) ", with: " \(real) ") }
        var title = ""
        var block: [String]?
        var transcripts: [Transcript] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if let lines = block {
                block = line == "```" ? nil : lines + [line]
                if block == nil { transcripts.append(Transcript(title: title, lines: lines)) }
            } else if line.hasPrefix("#") {
                title = String(line.drop { $0 == "#" || $0 == " " })
            } else if line == "```transcript" {
                block = []
            }
        }
        return transcripts
    }

    private static let readme = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "README.md")

    private init(title: String, lines: [String]) {
        self.title = title
        var steps: [Step] = []
        for line in lines {
            if line.hasPrefix("$ ") {
                steps.append(.command(words: line.dropFirst(2).split(separator: " ").map(String.init), output: ""))
            } else if line.hasPrefix("(") {
                steps.append(.event(String(line.dropFirst().dropLast())))
            } else if case .command(let words, let output)? = steps.last {
                steps[steps.count - 1] = .command(words: words, output: output + line + "\n")
            }
        }
        self.steps = steps
    }

    /// - Parameter happen: does what an event says; throws when it doesn't know it.
    func replay(_ happen: (String) async throws -> Void) async throws {
        for step in steps {
            switch step {
            case .event(let event): try await happen(event)
            case .command(let words, let output): try await replay(words, output)
            }
        }
    }

    /// Asks until the answer is as shown; what changes something is said once.
    private func replay(_ words: [String], _ expected: String) async throws {
        let isTool = words.first == "pika_hub_inspect"
        try #require(isTool || words.first == "redis-cli", "\(title): \(words)")
        let reading: Set<String> = ["get", "info", "ping", "servers", "lrange", "config"]
        let isReading = !isTool && words.dropFirst(3).first.map { reading.contains($0.lowercased()) } ?? false
        let arguments = Array(words.dropFirst())
        var seen = ""
        func ask() async throws -> Bool {
            seen =
                isTool
                ? try await run(ChildProcess.product("pika_hub_inspect").path, arguments).output
                : try await run("/usr/bin/redis-cli", ["-h", "127.0.0.1"] + arguments).output
            return Self.matches(seen, expected)
        }
        do {
            guard isReading else {
                guard try await ask() else { throw NeverHappened(description: words.joined(separator: " ")) }
                return
            }
            try await eventually(words.joined(separator: " "), every: .milliseconds(100), ask)
        } catch let error as NeverHappened {
            Issue.record("\(title): \(error)\nexpected:\n\(expected)printed:\n\(seen)")
            throw error
        }
    }

    /// Whether a text is as shown.
    static func matches(_ text: String, _ shown: String) -> Bool {
        var rest = text.replacing("\r\n", with: "\n").split(separator: "\n").map(String.init)[...]
        var isAnywhere = false
        for line in shown.split(separator: "\n").map(String.init) {
            if line == "…" {
                isAnywhere = true
                continue
            }
            guard let place = rest.firstIndex(where: { matchesLine($0, line) }) else { return false }
            guard isAnywhere || place == rest.startIndex else { return false }
            isAnywhere = false
            rest = rest[(place + 1)...]
        }
        return isAnywhere || rest.isEmpty
    }

    private static func matchesLine(_ line: String, _ shown: String) -> Bool {
        var rest = line[...]
        let parts = shown.split(separator: "…", omittingEmptySubsequences: false)
        guard rest.hasPrefix(parts[0]) else { return false }
        rest = rest.dropFirst(parts[0].count)
        for (index, part) in parts.enumerated().dropFirst() {
            if index == parts.count - 1 { return rest.hasSuffix(part) }
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.isEmpty
    }
}
