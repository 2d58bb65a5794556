using System.Text;
using Hyperspace.Linux.Input;

namespace Hyperspace.Tests.Unit.Linux;

public class ComplaintLogTests
{
    private readonly ComplaintLog _log = new();

    private void Add(string line) => _log.Add(Encoding.UTF8.GetBytes(line));

    [Fact]
    public void Lines_are_kept_in_order_without_their_ends()
    {
        Assert.Empty(_log.ToList());
        Add("event3: your system is too slow\n");
        Add("Tästatur: \r\n");
        Assert.Equal(["event3: your system is too slow", "Tästatur:"], _log.ToList());
    }

    [Fact]
    public void The_oldest_lines_go_first()
    {
        for (int i = 0; i < 47; i++)
        {
            Add($"line {i}");
        }

        Assert.Equal(Enumerable.Range(27, 20).Select(i => $"line {i}"), _log.ToList());
    }

    [Fact]
    public void A_long_line_is_cut_and_leaves_its_neighbours_alone()
    {
        Add("one");
        Add(new string('x', 1000));
        Add("three");
        Assert.Equal(["one", new string('x', ComplaintLog.LineLength), "three"], _log.ToList());
    }

    [Fact]
    public void A_line_allocates_nothing()
    {
        byte[] line = Encoding.UTF8.GetBytes("client bug: event processing lagging behind by 206ms, your system is too slow\n");
        _log.Add(line);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
        {
            _log.Add(line);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
