// Each scenario has a notebook of its own with one emulated CPU: two at once are what two processors can play. A class's scenarios come one after the other.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerClass, MaxParallelThreads = 2)]
