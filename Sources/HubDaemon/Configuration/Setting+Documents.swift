extension Setting {
    /// The settings as a Markdown table, for the README.
    static var markdown: String {
        let rows = all.map { setting in
            "| `\(setting.key)` | \(setting.expected) | \(setting.shownDefault) | \(setting.isLive ? "yes" : "no") "
                + "| \(setting.meaning) |"
        }
        return (["| key | form | default | `CONFIG SET` | meaning |", "|---|---|---|---|---|"] + rows)
            .joined(separator: "\n")
    }

    /// A complete configuration file with a comment for every key, such as `conf/pika_hub.conf`.
    static func sampleFile(_ value: (Setting) -> String) -> String {
        let header = wrapped(
            "Configuration of pika_hub: one 'key : value' per line. A line that begins with # is a comment; "
                + "a value has none. 'pika_hub -c FILE --check' says what the hub makes of it.")
        let parts = all.map { setting in
            let form = "Form: \(setting.expected). Default: \(setting.shownDefault)."
            return wrapped(setting.meaning) + wrapped(form) + "\(setting.key) : \(value(setting))".trimmingSpaces + "\n"
        }
        return ([header] + parts).joined(separator: "\n")
    }

    private var shownDefault: String {
        if isRequired { return "(required)" }
        return defaultText.isEmpty ? "(empty)" : defaultText
    }

    private static func wrapped(_ text: String) -> String {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + word.count < 100 {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append("# \(word)")
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
