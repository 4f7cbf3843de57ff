internal import Glibc

/// Says what was found: differences and the result on standard output, the progress on standard error.
actor Display {
    struct Difference: Sendable {
        var key: [UInt8]
        /// Of the servers, in their order.
        var states: [KeyState]
        var isRestless: Bool
    }

    private let isJSON: Bool
    private let showsProgress: Bool
    private var isBarShown = false

    init(isJSON: Bool, showsProgress: Bool) {
        self.isJSON = isJSON
        self.showsProgress = showsProgress
    }

    func show(_ difference: Difference, _ servers: [ServerAddress]) {
        let held = zip(servers, difference.states).map { ("\($0)", "\($1)") }
        if isJSON {
            let line = DifferenceLine(
                kind: difference.isRestless ? "restless" : "difference", key: quoted(difference.key),
                held: held.map { .init(server: $0.0, state: $0.1) })
            return say(json(line))
        }
        let what = difference.isRestless ? "restless" : "different"
        say("\(what): \(quoted(difference.key))" + held.map { "\n  \($0.0): \($0.1)" }.joined())
    }

    /// - Parameter refusal: why the hub does not repair the key; nil when it does.
    func showRepair(of key: [UInt8], refusal: String?) {
        if isJSON { return say(json(RepairLine(key: quoted(key), refusal: refusal))) }
        say(refusal.map { "not repaired: \(quoted(key)): \($0)" } ?? "repairing: \(quoted(key))")
    }

    func show(_ figures: Ledger.Figures, servers: Int) {
        if isJSON {
            let line = ResultLine(
                servers: servers, compared: figures.compared, different: figures.different,
                restless: figures.restless, settled: figures.settled,
                repaired: figures.repaired, uncompared: figures.uncompared)
            return say(json(line))
        }
        say(
            "\(figures.compared) keys compared on \(servers) servers: \(figures.different) differences"
                + (figures.settled > 0 ? ", \(figures.settled) were on their way and have settled" : ""))
        if figures.repaired > 0 { say("\(figures.repaired) keys differed and were repaired") }
        if figures.restless > 0 { say("\(figures.restless) keys kept changing and were never seen equal") }
        for (type, count) in figures.uncompared.sorted(by: { $0.key < $1.key }) {
            say("not compared: \(count) keys of type \(type)")
        }
    }

    /// Until cancelled.
    func showProgress(_ ledger: Ledger) async {
        guard showsProgress else { return }
        while !Task.isCancelled {
            write("\r\u{1B}[K" + (await ledger.figures).bar, to: STDERR_FILENO)
            isBarShown = true
            do { try await Task.sleep(for: .milliseconds(200)) } catch { break }
        }
        clearBar()
    }

    private func clearBar() {
        if isBarShown { write("\r\u{1B}[K", to: STDERR_FILENO) }
        isBarShown = false
    }

    private func say(_ line: String) {
        clearBar()
        write(line + "\n", to: STDOUT_FILENO)
    }
}

func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 || errno == EINTR else { return }
        bytes = bytes.dropFirst(max(0, count))
    }
}

extension Ledger.Figures {
    /// For instance `[#########           ] 45 %  4500 keys  3 in question  0 different`.
    var bar: String {
        var text = ""
        if let total, total > 0 {
            let done = min(1, Double(scanned) / Double(total))
            let filled = Int(done * 20)
            text =
                "[" + String(repeating: "#", count: filled) + String(repeating: " ", count: 20 - filled) + "] "
                + "\(Int(done * 100)) %  "
        }
        return text + "\(compared) keys  \(inQuestion) in question  \(different) different"
    }
}
