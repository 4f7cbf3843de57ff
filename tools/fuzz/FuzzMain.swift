import ArgumentParser
import Fuzzing

@main struct FuzzMain {
    static func main() { FuzzCommand.main() }
}
