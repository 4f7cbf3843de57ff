import Foundation
import Testing

@testable import HubDaemon

@Suite struct SettingDocumentsTests {
    /// The comments of the files in `conf/` come from the table; only the values are free.
    @Test(arguments: ["pika_hub.conf"]) func commentsInTheFilesAreThoseOfTheTable(name: String) throws {
        let text = try String(contentsOf: repository.appending(path: "conf/\(name)"), encoding: .utf8)
        let parsed = try Configuration.parse(text, file: name)
        #expect(parsed.warnings.isEmpty)
        #expect(parsed.configuration.bind == ["127.0.0.1"])
        #expect(text == Setting.sampleFile { $0.show(parsed.configuration, true) })
    }
}

/// The root of the working copy that the tests were built from.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
