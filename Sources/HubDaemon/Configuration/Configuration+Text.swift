internal import HubStore

extension Configuration {
    /// What `--check` prints: every setting as understood, passwords masked.
    var checked: String {
        Setting.all.map { "\($0.key) : \($0.show(self, false))" }.joined(separator: "\n")
    }

    /// `text` with the lines changed whose values differ from this configuration, and lines added for settings that
    /// it doesn't mention and that are not at their defaults. Comments and unknown keys stay (`CONFIG REWRITE`).
    ///
    /// - Parameter text: a file that `parse` takes.
    func rewriting(_ text: String) -> String {
        var mentioned: Set<String> = []
        var lines = configurationLines(text).map { _, line in
            guard let (key, value) = line.pair, let setting = Setting.named(key) else { return line.text }
            mentioned.insert(key)
            let present = setting.show(self, true)
            return setting.says(value, like: self) ? line.text : "\(key) : \(present)"
        }
        if lines.last == "" { lines.removeLast() }
        for setting in Setting.all where !mentioned.contains(setting.key) {
            let present = setting.show(self, true)
            if present != setting.show(Configuration(), true) { lines.append("\(setting.key) : \(present)") }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Setting {
    /// True when `text` is another way to write the value that `configuration` has.
    fileprivate func says(_ text: String, like configuration: Configuration) -> Bool {
        var other = configuration
        do throws(MalformedValue) {
            try read(text, &other)
        } catch {
            return false
        }
        return other == configuration
    }
}
