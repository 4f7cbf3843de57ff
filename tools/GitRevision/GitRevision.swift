import Foundation
import PackagePlugin

/// Gives a target the constant `gitRevision`: the commit that is built, or `unknown` outside a repository. It is
/// generated at build time, anew whenever HEAD has moved.
@main
struct GitRevision: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let package = context.package.directoryURL
        let output = context.pluginWorkDirectoryURL.appending(path: "GitRevision.swift")
        let script = """
            revision=$(git -C "$1" rev-parse HEAD 2>/dev/null) || revision=unknown
            printf '/// The commit that was built.\\nlet gitRevision = "%s"\\n' "$revision" > "$2"
            """
        return [
            .buildCommand(
                displayName: "Reading the git revision", executable: URL(filePath: "/bin/sh"),
                arguments: ["-c", script, "sh", package.path, output.path],
                inputFiles: try headLog(of: package), outputFiles: [output])
        ]
    }

    /// The file to which git adds a line with every commit and checkout; in a worktree it is not under the package.
    private func headLog(of package: URL) throws -> [URL] {
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        git.arguments = ["git", "-C", package.path, "rev-parse", "--git-path", "logs/HEAD"]
        let answer = Pipe()
        git.standardOutput = answer
        git.standardError = FileHandle.nullDevice
        try git.run()
        let text = String(decoding: answer.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        git.waitUntilExit()
        let file = URL(filePath: text.trimmingCharacters(in: .newlines), relativeTo: package)
        return git.terminationStatus == 0 && FileManager.default.fileExists(atPath: file.path) ? [file] : []
    }
}
