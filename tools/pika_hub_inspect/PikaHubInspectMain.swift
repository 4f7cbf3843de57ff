import ArgumentParser
import Inspection

@main struct PikaHubInspectMain {
    static func main() { InspectCommand.main() }
}
